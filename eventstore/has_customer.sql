SELECT EXISTS (
    SELECT 1
    FROM log.event
    WHERE customer_id = %(customer_id)s
) AS known
