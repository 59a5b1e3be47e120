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
WHERE stream_id = ANY(%(stream_ids)s)
ORDER BY stream_id, version
