SELECT *
FROM log.recorded
WHERE stream_id = %(stream_id)s
ORDER BY version
