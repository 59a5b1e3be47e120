SELECT *
FROM log.recorded
WHERE position > %(after)s
    AND position <= %(horizon)s
    AND (%(types)s::text[] IS NULL OR type = ANY(%(types)s))
    AND (%(customer_id)s::uuid IS NULL OR customer_id = %(customer_id)s)
ORDER BY position
LIMIT %(limit)s
