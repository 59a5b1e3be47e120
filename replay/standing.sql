-- Rows are as many as the statistics say, which costs nothing: to count them would mean to read the tables.
SELECT
    c.projection AS read_model,
    c.position,
    c.rebuilt_at,
    c.verified_at,
    c.rows_differing,
    c.events_a_second,
    (
        SELECT count(*)
        FROM replay.parked AS p
        WHERE p.projection = c.projection
            AND p.schema_name = c.schema_name
    ) AS parked_keys,
    EXISTS (
        SELECT
        FROM replay.checkpoint AS kept
        WHERE kept.projection = c.projection
            AND kept.schema_name = 'previous_' || c.projection
    ) AS has_previous,
    sized.rows,
    sized.bytes
FROM replay.checkpoint AS c
CROSS JOIN LATERAL (
    SELECT
        -- as the server has estimated them; -1 where it has not yet
        CASE WHEN min(t.reltuples) >= 0 THEN sum(t.reltuples)::bigint END AS rows,
        coalesce(sum(pg_total_relation_size(t.oid)), 0)::bigint AS bytes
    FROM pg_class AS t
    WHERE t.relnamespace = 'public'::regnamespace
        AND t.relname = ANY(c.tables)
) AS sized
WHERE c.schema_name = 'public'
    AND c.projection = ANY(%(names)s)
ORDER BY c.projection
