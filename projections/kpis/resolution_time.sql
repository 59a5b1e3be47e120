-- title: Resolution time
-- area: support
-- version: 1
-- question: How many days pass until a ticket is solved, for the first time and for good?
-- unit: days
-- better: low
-- formula: the median of full; full: opened to last solved, of tickets that are solved at as_of and were so last in the period; first: opened to first solved, in the period; in days of 24 hours; mean, 90th percentile and count beside them; requester_wait: the part of full in which the ticket was new, open or on hold
-- edge cases: merged tickets and spam are out; closing a solved ticket does not solve it again; a ticket that is open again at as_of has its first resolution but no full one; a state that held for no time did not hold; tickets that are not solved at as_of have no length yet and are counted as open; one without a known opening, or solved before it, is excluded and counted
-- of nothing: null
-- source: first and full resolution time and requester wait time as help desks define them, by the calendar's clock
-- reads: ticket_solving_at

-- counted: the first and last solvings that fell into the period, with the days since the ticket was opened
SELECT
    ticket_id,
    position,
    number = 1 AS is_first,
    is_standing AS is_full,
    extract(epoch FROM solved_at - opened_at) / 86400 AS days,
    coalesce(extract(epoch FROM waited), 0) / 86400 AS waited_days,
    group_key,
    group_label
FROM ticket_solving_at
WHERE solved_at >= %(period_from)s
    AND solved_at < %(period_to)s
    AND (number = 1 OR is_standing)

-- figure
SELECT
    group_key,
    max(group_label) AS group_label,
    round((percentile_cont(0.5) WITHIN GROUP (ORDER BY days::double precision) FILTER (WHERE is_full AND days >= 0))::numeric, 6) AS value,
    NULL::numeric AS numerator,
    NULL::numeric AS denominator,
    count(*) FILTER (WHERE is_full AND days >= 0) AS sample_size,
    count(*) FILTER (WHERE is_full AND (days >= 0) IS NOT TRUE) AS excluded,
    jsonb_build_object(
        'open', (
            SELECT count(DISTINCT ticket_solving_at.ticket_id)
            FROM ticket_solving_at
            WHERE ticket_solving_at.is_unsolved
                AND ticket_solving_at.group_key IS NOT DISTINCT FROM counted.group_key
        ),
        'first', jsonb_build_object(
            'mean', round(avg(days) FILTER (WHERE is_first AND days >= 0), 6),
            'median', percentile_cont(0.5) WITHIN GROUP (ORDER BY days::double precision) FILTER (WHERE is_first AND days >= 0),
            'p90', percentile_cont(0.9) WITHIN GROUP (ORDER BY days::double precision) FILTER (WHERE is_first AND days >= 0),
            'count', count(*) FILTER (WHERE is_first AND days >= 0)
        ),
        'full', jsonb_build_object(
            'mean', round(avg(days) FILTER (WHERE is_full AND days >= 0), 6),
            'median', percentile_cont(0.5) WITHIN GROUP (ORDER BY days::double precision) FILTER (WHERE is_full AND days >= 0),
            'p90', percentile_cont(0.9) WITHIN GROUP (ORDER BY days::double precision) FILTER (WHERE is_full AND days >= 0),
            'count', count(*) FILTER (WHERE is_full AND days >= 0)
        ),
        'requester_wait', jsonb_build_object(
            'mean', round(avg(waited_days) FILTER (WHERE is_full AND days >= 0), 6),
            'median', percentile_cont(0.5) WITHIN GROUP (ORDER BY waited_days::double precision) FILTER (WHERE is_full AND days >= 0),
            'p90', percentile_cont(0.9) WITHIN GROUP (ORDER BY waited_days::double precision) FILTER (WHERE is_full AND days >= 0),
            'count', count(*) FILTER (WHERE is_full AND days >= 0)
        )
    ) AS details
FROM counted
GROUP BY group_key
ORDER BY group_key
