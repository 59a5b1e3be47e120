SELECT type
FROM log.event
WHERE customer_id = ANY(%(customer_ids)s)
UNION
SELECT e.type
FROM log.filed_elsewhere(%(customer_ids)s) AS record
JOIN log.event AS e
    ON e.stream_id = record.stream_id
