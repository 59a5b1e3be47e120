SELECT
    c.projection AS read_model,
    c.position,
    c.rows_differing,
    extract(epoch FROM clock_timestamp() - coalesce(c.verified_at, c.rebuilt_at))::float8 AS unverified_seconds,
    (
        SELECT count(*)
        FROM replay.parked AS p
        WHERE p.projection = c.projection
            AND p.schema_name = c.schema_name
    ) AS parked_keys
FROM replay.checkpoint AS c
WHERE c.schema_name = 'public'
    AND c.projection = ANY(%(names)s)
ORDER BY c.projection
