-- What happened last to these people, as it happened, up to an event that was seen already; whether it was undone.
SELECT
    e.position,
    EXISTS (
        SELECT
        FROM log.undone AS u
        WHERE u.customer_id = e.customer_id
            AND u.stream_id = e.stream_id
            AND u.version = e.version
            AND u.since_position <= %(horizon)s
    ) AS is_undone
FROM log.event AS e
WHERE e.customer_id = ANY (%(customers)s)
    AND e.position <= %(horizon)s
    AND e.stream_type IN ('customer', 'lead', 'ticket')
    AND (
        e.stream_id = ANY (%(theirs)s)
        OR (e.customer_id = ANY (%(members)s) AND e.stream_id <> ALL (%(of_others)s))
    )
    AND e.stream_id <> ALL (%(unseen)s)
    AND (%(happened_by)s::timestamptz IS NULL OR e.occurred_at <= %(happened_by)s)
    AND (%(types)s::text[] IS NULL OR e.type = ANY (%(types)s))
    AND (%(actor)s::text IS NULL OR e.actor->>'id' = %(actor)s)
    AND (%(position)s::bigint IS NULL OR e.position = %(position)s)
    AND (
        %(before)s::bigint IS NULL
        OR (e.occurred_at, e.position) < (SELECT b.occurred_at, b.position FROM log.event AS b WHERE b.position = %(before)s)
    )
ORDER BY e.occurred_at DESC, e.position DESC
LIMIT %(limit)s
