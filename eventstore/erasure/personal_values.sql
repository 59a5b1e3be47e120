SELECT data
FROM log.personal_data
WHERE customer_id = ANY(%(customer_ids)s)
    AND (%(person_id)s::uuid IS NULL OR subject_id = %(person_id)s)
UNION ALL
SELECT to_jsonb(key)
FROM log.external_id
WHERE customer_id = ANY(%(customer_ids)s)
    AND %(person_id)s::uuid IS NULL
