SELECT f.customer_id AS id
FROM log.forgotten AS f
WHERE f.subject_id = f.customer_id
    AND f.customer_id = ANY(%(ids)s)
UNION
SELECT e.stream_id
FROM log.event AS e
JOIN log.forgotten AS f
    ON f.customer_id = e.customer_id
    AND f.subject_id = e.customer_id
WHERE e.stream_id = ANY(%(ids)s)
    AND e.version = 1
