SELECT f.customer_id AS id
FROM log.forgotten AS f
WHERE f.subject_id = f.customer_id
    AND f.customer_id = ANY(%(ids)s)
UNION
-- a record that is another's by now is forgotten with her
SELECT e.stream_id
FROM log.event AS e
JOIN log.forgotten AS f
    ON f.customer_id = e.customer_id
WHERE e.stream_id = ANY(%(ids)s)
    AND e.version = 1
    AND (
        f.subject_id = e.stream_id
        OR f.subject_id = e.customer_id
        AND log.holder(e.stream_id, e.customer_id) = e.customer_id
    )
