-- What lies at a mark is why somebody was forgotten, in the words of another.
SELECT p.data
FROM log.personal_data AS p
WHERE p.customer_id = ANY(%(customer_ids)s)
    AND (%(person_id)s::uuid IS NULL OR p.subject_id = %(person_id)s)
    AND NOT EXISTS (
        SELECT
        FROM log.forgotten AS f
        WHERE f.customer_id = p.customer_id
            AND f.position = p.position
    )
UNION ALL
SELECT to_jsonb(key)
FROM log.external_id
WHERE customer_id = ANY(%(customer_ids)s)
    AND %(person_id)s::uuid IS NULL
