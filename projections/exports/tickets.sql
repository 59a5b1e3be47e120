SELECT
    t.ticket_id,
    t.customer_id,
    c.name AS customer_name,
    t.version,
    t.position,
    t.status,
    t.status_since,
    t.is_spam,
    t.subject,
    t.channel,
    t.inbound,
    t.person_id,
    t.follows,
    t.external_ids,
    t.priority,
    t.category,
    t.assignee_id,
    m.name AS assignee_name,
    t.team,
    t.level,
    t.awaits,
    t.awaits_since,
    t.waiting_for,
    t.opened_at,
    t.first_replied_at,
    t.agent_replies,
    t.customer_replies,
    t.first_solved_at,
    t.solved_at,
    t.resolution,
    t.reopened_at,
    t.reopenings,
    t.closed_at,
    t.csat,
    t.csat_comment,
    t.rated_at,
    t.sla_policy,
    t.sla_policy_version,
    t.sla_target,
    t.sla_due_at,
    t.merged_into,
    t.custom_fields,
    t.open_follow_ups,
    t.last_event_at,
    t.flags
FROM ticket AS t
LEFT JOIN customer_alias AS a
    ON a.customer_id = t.customer_id
LEFT JOIN customer_360 AS c
    ON c.customer_id = coalesce(a.root_customer_id, t.customer_id)
LEFT JOIN workspace_member AS m
    ON m.member_id = t.assignee_id
ORDER BY t.ticket_id
