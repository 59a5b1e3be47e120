-- Events as `log.append` takes them, those of one append together.
SELECT jsonb_agg(
    jsonb_build_object(
        'customer_id', recorded.customer_id,
        'stream_id', recorded.stream_id,
        'stream_type', recorded.stream_type,
        'version', recorded.version,
        'event_id', recorded.event_id,
        'type', recorded.type,
        'schema_version', recorded.schema_version,
        'data', recorded.data,
        'actor', recorded.actor,
        'correlation_id', recorded.correlation_id,
        'causation_id', recorded.causation_id,
        'metadata', recorded.metadata,
        'part_id', recorded.part_id,
        'occurred_at', recorded.occurred_at
    )
    || CASE
        WHEN recorded.personal IS NULL THEN '{}'
        ELSE jsonb_build_object('personal', recorded.personal, 'subject_id', beside.subject_id)
    END
    ORDER BY recorded.position
) AS events
FROM log.history AS recorded
LEFT JOIN log.personal_data AS beside
    ON beside.customer_id = recorded.customer_id
    AND beside.position = recorded.position
WHERE recorded.position > %(after)s
GROUP BY recorded.recorded_at
ORDER BY recorded.recorded_at, min(recorded.position)
