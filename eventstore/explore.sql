-- The newest first, so that the index of positions gives them in order and the search ends with the page.
SELECT *
FROM log.recorded
WHERE position < %(before)s
    AND position > %(after)s
    AND (%(type)s::text IS NULL OR type = %(type)s)
    AND (%(noun)s::text IS NULL OR stream_type = %(noun)s)
    AND (%(actor_id)s::text IS NULL OR actor ->> 'id' = %(actor_id)s)
    AND (%(customer_id)s::uuid IS NULL OR customer_id = %(customer_id)s)
    AND (%(correlation_id)s::uuid IS NULL OR correlation_id = %(correlation_id)s)
ORDER BY position DESC
LIMIT %(limit)s
