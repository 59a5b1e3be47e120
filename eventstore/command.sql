SELECT
    c.body_hash,
    c.first_position,
    c.event_count
FROM log.event AS e
JOIN log.command AS c
    ON c.customer_id = e.customer_id
WHERE e.stream_id = %(stream_id)s
    AND e.version = 1
    AND c.command_id = %(command_id)s::uuid
