SELECT
    e.position,
    record_send(ROW(
        e.position,
        e.customer_id,
        e.stream_id,
        e.stream_type,
        e.version,
        e.event_id,
        e.type,
        e.schema_version,
        e.data,
        e.personal_digest,
        e.actor,
        e.command_id,
        e.correlation_id,
        e.causation_id,
        e.metadata,
        e.part_id,
        e.occurred_at,
        e.recorded_at
    )) AS preimage
FROM log.event AS e
WHERE e.position BETWEEN %(first_position)s AND %(last_position)s
ORDER BY e.position
LIMIT %(limit)s
