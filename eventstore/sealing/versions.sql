SELECT min(numbered.position) AS position
FROM (
    SELECT
        e.position,
        e.version,
        row_number() OVER (PARTITION BY e.stream_id ORDER BY e.position) AS expected
    FROM log.event AS e
) AS numbered
WHERE numbered.version IS DISTINCT FROM numbered.expected
