SELECT
    version,
    type,
    schema_version,
    (CASE WHEN personal IS NULL THEN data ELSE data || personal END)::text AS state,
    had_personal AND personal IS NULL AS is_forgotten
FROM log.recorded
WHERE stream_id = %(stream_id)s
    AND version > %(gt)s
    AND version <= %(lte)s
ORDER BY version {direction}
LIMIT %(limit)s
