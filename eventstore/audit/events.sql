-- The next events of these customers, in the order of the log: each one's next are found in her own index range.
SELECT event.*
FROM unnest(%(customers)s::uuid[]) AS customer (id)
CROSS JOIN LATERAL (
    SELECT
        recorded.position,
        recorded.event_id,
        recorded.type,
        recorded.stream_type,
        recorded.stream_id,
        recorded.version,
        recorded.customer_id,
        recorded.occurred_at,
        recorded.recorded_at,
        recorded.command_id,
        recorded.correlation_id,
        recorded.actor,
        recorded.metadata,
        recorded.schema_version,
        (recorded.data || coalesce(recorded.personal, '{}'))::text AS said,
        recorded.had_personal AND recorded.personal IS NULL AS is_forgotten
    FROM log.recorded
    WHERE recorded.customer_id = customer.id
        AND recorded.position > %(after)s
        AND recorded.position <= %(horizon)s
        AND recorded.stream_type IN ('customer', 'lead', 'ticket')
        AND (
            recorded.stream_id = ANY (%(theirs)s)
            OR (customer.id = ANY (%(members)s) AND recorded.stream_id <> ALL (%(of_others)s))
        )
        AND (%(happened_by)s::timestamptz IS NULL OR recorded.occurred_at <= %(happened_by)s)
    ORDER BY recorded.position
    LIMIT %(limit)s
) AS event
ORDER BY event.position
LIMIT %(limit)s
