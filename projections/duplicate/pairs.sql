-- Who is a branch, a partner or a referrer of the other is known to be somebody else.
SELECT
    pair.customer_id,
    one.name,
    one.status,
    pair.other_id,
    other.name AS other_name,
    other.status AS other_status
FROM unnest(%(customer_ids)s::uuid[], %(other_ids)s::uuid[]) AS pair (customer_id, other_id)
JOIN customer_360 AS one
    ON one.customer_id = pair.customer_id
JOIN customer_360 AS other
    ON other.customer_id = pair.other_id
WHERE one.status <> 'forgotten'
    AND other.status <> 'forgotten'
    AND NOT EXISTS (
        SELECT
        FROM relation AS r
        WHERE r.ended_at IS NULL
            AND (
                (r.customer_id = pair.customer_id AND r.other_id = pair.other_id)
                OR (r.customer_id = pair.other_id AND r.other_id = pair.customer_id)
            )
    )
ORDER BY pair.customer_id, pair.other_id
