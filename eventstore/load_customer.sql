SELECT *
FROM log.recorded
WHERE customer_id = %(customer_id)s
    AND position <= %(horizon)s
ORDER BY position
