SELECT
    n.customer_id,
    o.customer_id AS other_id,
    n.sought AS name,
    o.sought AS other_name
FROM search AS n
CROSS JOIN LATERAL (
    SELECT
        customer_id,
        sought
    FROM search
    WHERE kind = 'name'
        AND stream_type = 'customer'
        AND (customer_id > n.customer_id OR (%(both_ways)s AND customer_id <> n.customer_id))
        AND sought = n.sought
    ORDER BY customer_id
    LIMIT %(most)s
) AS o
WHERE n.customer_id = ANY (%(customer_ids)s::uuid[])
    AND n.kind = 'name'
    AND n.stream_type = 'customer'
