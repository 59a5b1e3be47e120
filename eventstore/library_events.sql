SELECT
    stream_id,
    version,
    type,
    data,
    personal,
    had_personal
FROM log.recorded
WHERE stream_id = %(stream_id)s
    AND (%(gt)s::bigint IS NULL OR version > %(gt)s)
    AND (%(lte)s::bigint IS NULL OR version <= %(lte)s)
ORDER BY
    CASE WHEN %(desc)s THEN -version ELSE version END
LIMIT %(limit)s
