SELECT
    {key} AS key,
    count(*) AS events
FROM log.event
WHERE customer_id = %(customer_id)s
    AND position <= %(position)s
    AND type = ANY(%(types)s)
    AND {key} IS NOT NULL
GROUP BY {key}
