SELECT
    coalesce(s.number, 0) AS number,
    coalesce(s.last_position, 0) AS last_position,
    coalesce(s.seal, decode(repeat('00', 32), 'hex')) AS seal,
    coalesce((SELECT max(e.position) FROM log.event AS e), 0) AS head,
    coalesce(o.recorded_at < clock_timestamp() - make_interval(secs => %(older_than)s), false) AS is_due
FROM (SELECT) AS always
LEFT JOIN LATERAL (
    SELECT number, last_position, seal
    FROM log.seal
    ORDER BY number DESC
    LIMIT 1
) AS s
    ON true
LEFT JOIN LATERAL (
    SELECT e.recorded_at
    FROM log.event AS e
    WHERE e.position > coalesce(s.last_position, 0)
    ORDER BY e.position
    LIMIT 1
) AS o
    ON true
