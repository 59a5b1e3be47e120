SELECT
    customer_id,
    stream_id
FROM log.external_id
WHERE system = %(system)s
    AND key = %(key)s
