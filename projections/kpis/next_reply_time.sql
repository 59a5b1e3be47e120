-- title: Next reply time
-- area: support
-- version: 1
-- question: How many hours does a customer who writes again wait for our answer?
-- unit: hours
-- better: low
-- formula: the median of the hours from the oldest message of the customer that has no answer to the next public reply of an agent, of those that began to wait in the period and were answered by as_of; 90th percentile, mean and count beside it, and the shares answered within 5 minutes, an hour and a day; the first wait after each reopening is told apart as reopened
-- edge cases: who asks again does not wait anew; what a bot writes, or what only we read, is no answer; on a ticket that we opened the customer's first message waits for a next reply; a message on a solved ticket waits from the reopening on, and if it is not reopened it was thanks; what is not answered at as_of has no length yet and is counted as open, and in a share only once it has waited longer; what was solved without an answer is counted apart; the business clock leaves out the hours in which the company is closed, and without a business calendar the waits are excluded and counted; merged tickets and spam are out
-- of nothing: null
-- source: next reply time as help desks define it
-- reads: reply_wait_at

-- counted: the waits that began in the period after the first answer, and the replies that ended them
SELECT
    w.ticket_id,
    event.position,
    event.is_wait,
    w.cycle,
    w.cycle = 'next' AS is_value,
    w.state,
    extract(epoch FROM w.waited) / 3600 AS hours,
    w.group_key,
    w.group_label
FROM reply_wait_at AS w
CROSS JOIN LATERAL (VALUES (w.position, true), (w.answered_position, false)) AS event (position, is_wait)
WHERE w.cycle IN ('next', 'reopened')
    AND event.position IS NOT NULL

-- figure: waiting_time
