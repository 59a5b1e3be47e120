-- how many tickets wait, by status; with what they can be chosen by
SELECT
    status,
    count(*) AS tickets,
    array_agg(DISTINCT team) FILTER (WHERE team IS NOT NULL) AS teams,
    array_agg(DISTINCT channel) FILTER (WHERE channel IS NOT NULL) AS channels
FROM ticket
WHERE status IN ('new', 'open', 'pending', 'on_hold')
GROUP BY status
