SELECT *
FROM log.recorded
WHERE part_id = %(part_id)s
    AND customer_id = %(customer_id)s
ORDER BY position
