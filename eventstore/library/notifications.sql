SELECT
    position,
    stream_id,
    version,
    type,
    schema_version,
    (CASE WHEN personal IS NULL THEN data ELSE data || personal END)::text AS state,
    had_personal AND personal IS NULL AS is_forgotten
FROM log.recorded
WHERE position > %(after)s
    AND position <= %(horizon)s
    AND (%(types)s::text[] IS NULL OR type = ANY(%(types)s))
ORDER BY position
LIMIT %(limit)s
