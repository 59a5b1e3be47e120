-- title: Reopen rate
-- area: support
-- version: 1
-- question: What share of the tickets that we solved did not stay solved?
-- unit: ratio
-- better: low
-- formula: tickets solved in the period and reopened at least once after that / tickets solved in the period
-- edge cases: a ticket counts once, however often it was solved and reopened; a customer's thanks reopens a solved ticket too and counts, as nobody judges her words: those that were solved again within the hour each time are told apart as brief, and lasting_rate leaves them out; merged tickets and spam are out, and coming back from spam is no reopening
-- of nothing: null
-- source: reopened tickets as a share of solved ones, as help desks report it
-- reads: ticket_solving_at

-- counted: the solvings that fell into the period, and the reopenings after them
SELECT
    s.ticket_id,
    event.position,
    s.reopened_at IS NOT NULL AS is_reopened,
    s.reopened_at IS NOT NULL AND (s.reopened_for <= interval '1 hour') IS NOT TRUE AS is_lasting,
    s.group_key,
    s.group_label
FROM ticket_solving_at AS s
CROSS JOIN LATERAL (VALUES (s.position), (s.reopened_position)) AS event (position)
WHERE s.solved_at >= %(period_from)s
    AND s.solved_at < %(period_to)s
    AND event.position IS NOT NULL

-- figure
SELECT
    group_key,
    max(group_label) AS group_label,
    round(count(*) FILTER (WHERE is_reopened)::numeric / nullif(count(*), 0), 10) AS value,
    count(*) FILTER (WHERE is_reopened) AS numerator,
    count(*) AS denominator,
    count(*) AS sample_size,
    0 AS excluded,
    jsonb_build_object(
        'brief', count(*) FILTER (WHERE is_reopened AND NOT is_lasting),
        'lasting', count(*) FILTER (WHERE is_lasting),
        'lasting_rate', round(count(*) FILTER (WHERE is_lasting)::numeric / nullif(count(*), 0), 10)
    ) AS details
FROM (
    SELECT
        group_key,
        max(group_label) AS group_label,
        ticket_id,
        bool_or(is_reopened) AS is_reopened,
        bool_or(is_lasting) AS is_lasting
    FROM counted
    GROUP BY group_key, ticket_id
) AS by_ticket
GROUP BY group_key
ORDER BY group_key
