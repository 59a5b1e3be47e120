SELECT
    e.stream_id,
    e.version,
    e.position,
    e.event_id,
    ARRAY(SELECT undone::integer FROM jsonb_array_elements_text(e.data->'versions') AS undone) AS versions
FROM log.event AS e
WHERE e.customer_id = ANY (%(customers)s)
    AND e.type IN ('customer.events_undone', 'lead.events_undone', 'ticket.events_undone')
    AND e.position <= %(horizon)s
    AND (%(happened_by)s::timestamptz IS NULL OR e.occurred_at <= %(happened_by)s)
ORDER BY e.position
