SELECT *
FROM log.recorded
WHERE stream_id = %(stream_id)s
    AND version >= %(version)s
ORDER BY version
