-- What several have in common tells them apart no more: a switchboard's number is no sign.
SELECT
    p.customer_id,
    o.customer_id AS other_id,
    p.kind,
    bool_or(p.person_id IS NULL AND o.person_id IS NULL) AS is_own
FROM contact_point AS p
JOIN contact_point AS o
    ON o.comparable = p.comparable
    AND o.kind = p.kind
    AND (o.customer_id > p.customer_id OR (%(both_ways)s AND o.customer_id <> p.customer_id))
WHERE p.customer_id = ANY (%(customer_ids)s::uuid[])
    AND p.kind IN ('email', 'phone')
    AND (
        SELECT count(*)
        FROM (
            SELECT DISTINCT customer_id
            FROM contact_point
            WHERE comparable = p.comparable
                AND kind = p.kind
            LIMIT %(most)s + 1
        ) AS sharing
    ) <= %(most)s
GROUP BY p.customer_id, o.customer_id, p.kind
UNION ALL
SELECT DISTINCT
    k.customer_id,
    o.customer_id AS other_id,
    'external_id' AS kind,
    true AS is_own
FROM search AS k
JOIN search AS o
    ON o.sought = k.sought
    AND o.kind = k.kind
    AND o.stream_type = k.stream_type
    AND o.item <> k.item
    AND (o.customer_id > k.customer_id OR (%(both_ways)s AND o.customer_id <> k.customer_id))
WHERE k.customer_id = ANY (%(customer_ids)s::uuid[])
    AND k.kind = 'external_id'
    AND k.stream_type = 'customer'
    -- two systems count their customers from one: a short number is no sign
    AND length(k.sought) >= %(shortest_key)s
