SELECT p.data
FROM log.personal_of(%(customer_ids)s) AS p
JOIN log.event AS e
    ON e.customer_id = p.customer_id
    AND e.position = p.position
WHERE (
        %(person_id)s::uuid IS NULL
        OR p.subject_id = %(person_id)s
    )
    -- why somebody asked to forget her is told of others in the same words
    AND e.type NOT IN ('customer.forgetting_requested', 'customer.forgetting_request_withdrawn')
UNION ALL
SELECT to_jsonb(x.key)
FROM log.external_id AS x
WHERE x.customer_id = ANY(%(customer_ids)s || ARRAY(SELECT f.customer_id FROM log.filed_elsewhere(%(customer_ids)s) AS f))
    AND log.holder(x.stream_id, x.customer_id) = ANY(%(customer_ids)s)
    AND %(person_id)s::uuid IS NULL
