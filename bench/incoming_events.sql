COPY pg_temp.incoming (
    customer_id,
    stream_id,
    stream_type,
    version,
    event_id,
    type,
    schema_version,
    data,
    personal,
    subject_id,
    actor,
    correlation_id,
    causation_id,
    metadata,
    part_id,
    occurred_at
) FROM STDIN
