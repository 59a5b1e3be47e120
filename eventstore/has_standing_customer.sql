-- OFFSET 0: each is looked up, however many the planner thinks there are.
SELECT EXISTS (
    SELECT
    FROM log.event AS e
    WHERE e.customer_id = %(customer_id)s
        AND e.type NOT IN ('customer.events_undone', 'lead.events_undone', 'ticket.events_undone')
        AND NOT EXISTS (
            SELECT
            FROM log.undone
            WHERE undone.stream_id = e.stream_id
                AND undone.version = e.version
            OFFSET 0
        )
) AS known
