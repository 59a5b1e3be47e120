-- the tickets of some statuses: what is due first comes first, as far as a promise runs or was broken; then what was
-- opened first. Of those chosen the newest thousands are looked at, so that a list of closed ones ends soon.
SELECT
    t.ticket_id,
    t.version,
    t.status,
    t.status_since,
    t.is_spam,
    t.subject,
    t.channel,
    t.priority,
    t.category,
    t.team,
    t.level,
    t.waiting_for,
    t.awaits,
    t.awaits_since,
    t.opened_at,
    t.csat,
    t.customer_id,
    c.name AS customer_name,
    m.name AS assignee_name,
    sla.target,
    sla.clock,
    sla.due_at,
    sla.remaining_seconds,
    sla.breached_at
FROM (
    SELECT *
    FROM ticket
    WHERE status = ANY(%(statuses)s::text[])
        AND (%(assignee_id)s::uuid IS NULL OR assignee_id = %(assignee_id)s)
        AND (NOT %(unassigned)s OR assignee_id IS NULL)
        AND (%(team)s::text IS NULL OR team = %(team)s)
        AND (%(priority)s::text IS NULL OR priority = %(priority)s)
        AND (%(channel)s::text IS NULL OR channel = %(channel)s)
        AND (%(customer_id)s::uuid IS NULL OR customer_id = %(customer_id)s)
    ORDER BY opened_at DESC, ticket_id DESC
    LIMIT 5000
) AS t
LEFT JOIN customer_alias AS a
    ON a.customer_id = t.customer_id
LEFT JOIN customer_360 AS c
    ON c.customer_id = coalesce(a.root_customer_id, t.customer_id)
LEFT JOIN workspace_member AS m
    ON m.member_id = t.assignee_id
LEFT JOIN LATERAL (
    SELECT
        s.target,
        s.clock,
        s.due_at,
        s.remaining_seconds,
        s.breached_at
    FROM sla_target AS s
    WHERE s.ticket_id = t.ticket_id
        AND (s.clock IN ('running', 'paused') OR s.breached_at IS NOT NULL)
        AND t.status IN ('new', 'open', 'pending', 'on_hold')
    -- what runs matters before what waits, and that before what is too late already
    ORDER BY s.clock = 'running' DESC, s.clock = 'paused' DESC, s.due_at, s.breached_at DESC
    LIMIT 1
) AS sla
    ON true
ORDER BY
    coalesce(sla.breached_at, sla.due_at) NULLS LAST,
    CASE WHEN t.status IN ('solved', 'closed', 'merged') THEN t.opened_at END DESC,
    t.opened_at,
    t.ticket_id
LIMIT %(limit)s
