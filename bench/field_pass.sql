SELECT count(data->>'source') AS fields
FROM log.event
