SELECT
    position,
    customer_id,
    stream_id,
    stream_type,
    version,
    event_id,
    type,
    data,
    personal,
    personal_digest IS NOT NULL AS had_personal,
    actor,
    command_id,
    correlation_id,
    metadata,
    part_id,
    occurred_at,
    recorded_at
FROM log.history
WHERE position > %(after)s
    AND position <= %(horizon)s
    AND (%(types)s::text[] IS NULL OR type = ANY(%(types)s))
    AND (%(customer_id)s::uuid IS NULL OR customer_id = %(customer_id)s)
ORDER BY position
LIMIT %(limit)s
