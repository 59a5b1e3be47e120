SELECT position, digest
FROM log.event
WHERE position BETWEEN %(first_position)s AND %(last_position)s
ORDER BY position
LIMIT %(limit)s
