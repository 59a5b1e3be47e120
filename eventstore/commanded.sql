-- A command's events lie close together behind its first position, which only the command's own row knows.
SELECT
    e.customer_id,
    e.stream_type,
    e.stream_id,
    array_agg(e.version) AS versions,
    array_agg(e.type) AS types
FROM (
    SELECT
        first_position,
        event_count
    FROM log.command
    WHERE command_id = %(id)s
) AS command
CROSS JOIN LATERAL (
    SELECT *
    FROM log.event
    WHERE position >= command.first_position
        AND command_id = %(id)s
    ORDER BY position
    LIMIT command.event_count
) AS e
GROUP BY e.customer_id, e.stream_type, e.stream_id
ORDER BY e.stream_type = 'customer', e.customer_id, e.stream_id
