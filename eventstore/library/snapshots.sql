SELECT
    version,
    type,
    state::text AS state
FROM log.snapshot
WHERE stream_id = %(stream_id)s
    AND version > %(gt)s
    AND version <= %(lte)s
ORDER BY version {direction}
LIMIT %(limit)s
