SELECT *
FROM log.recorded
WHERE customer_id = %(customer_id)s
ORDER BY position
