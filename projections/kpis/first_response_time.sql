-- title: First response time
-- area: support
-- version: 1
-- question: How many hours does a customer wait for the first answer on a ticket?
-- unit: hours
-- better: low
-- formula: the median of the hours from the opening of a ticket to the first public reply of an agent, of the tickets opened in the period and answered by as_of; 90th percentile, mean and count beside it, and the shares answered within 5 minutes, an hour and a day
-- edge cases: what a bot writes, or what only we read, is no answer; a ticket that we opened has no first response to wait for; tickets not answered at as_of have no length yet and are counted as open, and in a share only once they have waited longer; tickets solved without an answer are counted apart; the business clock leaves out the hours in which the company is closed, and without a business calendar those tickets are excluded and counted; merged tickets and spam are out
-- of nothing: null
-- source: first reply time as help desks define it
-- reads: reply_wait_at

-- counted: the tickets opened in the period, and their first answers
SELECT
    w.ticket_id,
    event.position,
    event.is_wait,
    w.cycle,
    true AS is_value,
    w.state,
    extract(epoch FROM w.waited) / 3600 AS hours,
    w.group_key,
    w.group_label
FROM reply_wait_at AS w
CROSS JOIN LATERAL (VALUES (w.position, true), (w.answered_position, false)) AS event (position, is_wait)
WHERE w.cycle = 'first'
    AND event.position IS NOT NULL

-- figure: waiting_time
