-- What was undone by the last version that is asked for does not count; that it was undone is told, as a version of its own.
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
    AND NOT EXISTS (
        SELECT
        FROM log.undone
        WHERE undone.stream_id = recorded.stream_id
            AND undone.version = recorded.version
            AND undone.since_version <= %(lte)s
    )
ORDER BY version {direction}
LIMIT %(limit)s
