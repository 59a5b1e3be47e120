SELECT p.data
FROM log.personal_of(%(customer_ids)s) AS p
WHERE %(person_id)s::uuid IS NULL
    OR p.subject_id = %(person_id)s
UNION ALL
SELECT to_jsonb(x.key)
FROM log.external_id AS x
WHERE x.customer_id = ANY(%(customer_ids)s || ARRAY(SELECT f.customer_id FROM log.filed_elsewhere(%(customer_ids)s) AS f))
    AND log.holder(x.stream_id, x.customer_id) = ANY(%(customer_ids)s)
    AND %(person_id)s::uuid IS NULL
