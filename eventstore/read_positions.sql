SELECT *
FROM log.recorded
WHERE position = ANY(%(positions)s)
ORDER BY position
