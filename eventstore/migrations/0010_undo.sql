-- Undo: an event that says of earlier ones of its stream that they do not count any more.

-- Undos are few; the partial index keeps them at hand.
CREATE INDEX event_of_undo ON log.event (stream_id, version)
    WHERE type IN ('customer.events_undone', 'lead.events_undone', 'ticket.events_undone');

-- What was done together, such as an import, is undone together. Commands of their own belong to nothing.
CREATE INDEX event_of_correlation ON log.event (correlation_id)
    WHERE correlation_id IS NOT NULL;

-- Which events do not count any more, and since which position and version of their stream. Folds leave them out.
CREATE VIEW log.undone WITH (security_invoker = true) AS
SELECT
    e.customer_id,
    e.stream_id,
    undone.version::integer AS version,
    e.version AS since_version,
    e.position AS since_position
FROM log.event AS e
CROSS JOIN LATERAL jsonb_array_elements(e.data->'versions') AS undone (version)
WHERE e.type IN ('customer.events_undone', 'lead.events_undone', 'ticket.events_undone')
    AND undone.version::integer < e.version;
