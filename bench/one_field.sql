SELECT count(data ->> 'source')
FROM log.event
WHERE position <= %(position)s
