SELECT *
FROM log.recorded
WHERE stream_id = ANY(%(stream_ids)s)
ORDER BY stream_id, version
