-- OFFSET 0: each is looked up, however many the planner thinks there are.
SELECT DISTINCT ON (customer_id)
    customer_id,
    position
FROM (
    SELECT
        e.customer_id,
        e.position
    FROM log.event AS e
    WHERE e.customer_id = ANY(%(customer_ids)s)
        AND e.stream_id <> e.customer_id
        AND e.stream_id <> ALL(%(except_for)s)
        AND e.type NOT IN ('lead.events_undone', 'ticket.events_undone')
        AND NOT EXISTS (
            SELECT
            FROM log.undone
            WHERE undone.stream_id = e.stream_id
                AND undone.version = e.version
            OFFSET 0
        )
    UNION ALL
    -- what lies in another's history and is hers
    SELECT
        log.holder(e.stream_id, e.customer_id),
        e.position
    FROM log.event AS e
    WHERE e.type IN ('lead.reattributed', 'ticket.reattributed')
        AND (e.data->>'to_customer_id')::uuid = ANY(%(customer_ids)s)
        AND e.stream_id <> ALL(%(except_for)s)
        AND log.holder(e.stream_id, e.customer_id) = (e.data->>'to_customer_id')::uuid
) AS resting
ORDER BY customer_id, position
