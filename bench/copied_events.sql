-- Events as `log.append_copied` takes them, a piece of the log at a time.
COPY (
    SELECT
        recorded.customer_id,
        recorded.stream_id,
        recorded.stream_type,
        recorded.version,
        recorded.event_id,
        recorded.type,
        recorded.schema_version,
        recorded.data,
        recorded.personal,
        beside.subject_id,
        recorded.actor,
        recorded.correlation_id,
        recorded.causation_id,
        recorded.metadata,
        recorded.part_id,
        recorded.occurred_at
    FROM log.history AS recorded
    LEFT JOIN log.personal_data AS beside
        ON beside.customer_id = recorded.customer_id
        AND beside.position = recorded.position
    WHERE recorded.position > {after}
        AND recorded.position <= {upto}
    ORDER BY recorded.position
) TO STDOUT
