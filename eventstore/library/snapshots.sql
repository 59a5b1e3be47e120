SELECT
    version,
    type,
    state::text AS state
FROM log.snapshot
WHERE stream_id = %(stream_id)s
    AND version > %(gt)s
    AND version <= %(lte)s
    -- one that holds what was undone since would bring it back
    AND NOT EXISTS (
        SELECT
        FROM log.undone
        WHERE undone.stream_id = snapshot.stream_id
            AND undone.version <= snapshot.version
            AND undone.since_version > snapshot.version
            AND undone.since_version <= %(lte)s
    )
ORDER BY version {direction}
LIMIT %(limit)s
