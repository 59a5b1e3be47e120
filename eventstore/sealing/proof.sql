SELECT
    e.position,
    {preimage} AS preimage
FROM log.event AS e
WHERE e.position BETWEEN %(first_position)s AND %(last_position)s
ORDER BY e.position
LIMIT %(limit)s
