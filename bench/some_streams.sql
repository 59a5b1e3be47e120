SELECT stream_id
FROM log.event
WHERE version = 20
ORDER BY md5(stream_id::text)
LIMIT 400
