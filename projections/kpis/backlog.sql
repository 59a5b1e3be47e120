-- title: Backlog
-- area: support
-- version: 1
-- question: How many tickets were not solved at a moment?
-- unit: tickets
-- better: low
-- formula: the tickets that are new, open, pending or on hold at as_of, by the status and priority in force then
-- edge cases: a ticket solved exactly at as_of is solved; a reopened one is back from then on; merged tickets and spam are out, and in again when the merge is reverted or it was no spam; the period does not matter
-- of nothing: 0
-- source: the state at a moment, folded from what had happened by then
-- judged: at a moment
-- reads: ticket_at

-- counted: every ticket that was not solved, with the last change by then
SELECT
    ticket_id,
    position,
    status,
    coalesce(priority, 'unknown') AS priority,
    group_key,
    group_label
FROM ticket_at
WHERE status IN ('new', 'open', 'pending', 'on_hold')

-- figure
SELECT
    group_key,
    max(group_label) FILTER (WHERE facet = 'status') AS group_label,
    (sum(tickets) FILTER (WHERE facet = 'status'))::bigint AS value,
    NULL::numeric AS numerator,
    NULL::numeric AS denominator,
    (sum(tickets) FILTER (WHERE facet = 'status'))::bigint AS sample_size,
    0 AS excluded,
    jsonb_build_object(
        'by_status', jsonb_object_agg(held, jsonb_build_object('tickets', tickets)) FILTER (WHERE facet = 'status'),
        'by_priority', jsonb_object_agg(held, jsonb_build_object('tickets', tickets)) FILTER (WHERE facet = 'priority')
    ) AS details
FROM (
    SELECT
        counted.group_key,
        max(counted.group_label) AS group_label,
        split.facet,
        split.held,
        count(*) AS tickets
    FROM counted
    CROSS JOIN LATERAL (VALUES ('status', counted.status), ('priority', counted.priority)) AS split (facet, held)
    GROUP BY counted.group_key, split.facet, split.held
) AS by_facet
GROUP BY group_key
ORDER BY group_key
