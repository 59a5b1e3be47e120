SELECT count(*)
FROM log.event AS e
WHERE e.digest <> log.digest(e)
