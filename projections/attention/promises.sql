-- what was promised on open tickets and is due soon, or was broken lately: what is broken first, then what is due first
SELECT
    p.ticket_id,
    p.target,
    p.due_at,
    p.breached_at,
    t.subject,
    t.priority,
    m.name AS assignee_name,
    t.customer_id,
    c.name AS customer_name
FROM (
    SELECT DISTINCT ON (ticket_id)
        *
    FROM sla_target
    WHERE (clock = 'running' AND due_at < %(due_before)s)
        OR breached_at >= %(broken_since)s
    ORDER BY ticket_id, coalesce(breached_at, due_at)
) AS p
JOIN ticket AS t
    ON t.ticket_id = p.ticket_id
    AND t.status IN ('new', 'open', 'pending', 'on_hold')
LEFT JOIN customer_alias AS a
    ON a.customer_id = t.customer_id
LEFT JOIN customer_360 AS c
    ON c.customer_id = coalesce(a.root_customer_id, t.customer_id)
LEFT JOIN workspace_member AS m
    ON m.member_id = t.assignee_id
WHERE %(assignee_id)s::uuid IS NULL
    OR t.assignee_id = %(assignee_id)s
ORDER BY coalesce(p.breached_at, p.due_at), p.ticket_id
LIMIT %(limit)s
