-- The function log.digest is not asked: whoever changed the log could have changed it too.
COPY (
    SELECT
        coalesce(int8send(e.position) || sha256(record_send(ROW(
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
        ))), ''),
        coalesce(e.digest, '')
    FROM log.event AS e
    ORDER BY e.position
) TO STDOUT (FORMAT binary)
