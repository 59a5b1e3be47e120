-- Customers last: whether one can be undone depends on what is left of her leads and tickets.
SELECT
    customer_id,
    stream_type,
    stream_id,
    array_agg(version) AS versions,
    array_agg(type) AS types
FROM log.event
WHERE correlation_id = %(id)s
GROUP BY customer_id, stream_type, stream_id
ORDER BY stream_type = 'customer', customer_id, stream_id
