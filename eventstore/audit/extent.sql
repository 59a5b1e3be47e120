-- How far these people's history reaches, its records, who acted in it, and at which version the customer's own stands.
SELECT
    count(*) AS events,
    least(min(e.occurred_at), min(e.recorded_at)) AS first_at,
    coalesce(max(e.version) FILTER (WHERE e.stream_id = %(customer_id)s), 0) AS version,
    coalesce(array_agg(DISTINCT e.stream_type || ' ' || e.stream_id), '{}') AS streams,
    coalesce(jsonb_agg(DISTINCT e.actor), '[]') AS actors
FROM log.event AS e
WHERE e.customer_id = ANY (%(customers)s)
    AND e.stream_type IN ('customer', 'lead', 'ticket')
    AND (
        e.stream_id = ANY (%(theirs)s)
        OR (e.customer_id = ANY (%(members)s) AND e.stream_id <> ALL (%(of_others)s))
    )
