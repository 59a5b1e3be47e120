SELECT
    forgotten_id AS customer_id,
    event_position AS position,
    is_new
FROM log.forget(%(customer_id)s, %(person_id)s, %(event)s)
