-- question: What became of each promise on a ticket by as_of?
-- reads: sla_target ticket_status_interval ticket workspace_member
-- groups: target policy priority category channel assignee team

-- One row per promise that was kept or broken by then. Channel is today's; priority, category, assignee and team are
-- those at as_of.
SELECT
    s.ticket_id,
    s.target,
    s.position,
    s.due_at,
    outcome.outcome,
    grouped.group_key,
    CASE %(group_by)s::text WHEN 'assignee' THEN m.name ELSE grouped.group_key END AS group_label
FROM sla_target AS s
LEFT JOIN ticket_status_interval AS i
    ON i.ticket_id = s.ticket_id
    AND i.valid_from <= %(as_of)s
    AND (i.valid_to IS NULL OR i.valid_to > %(as_of)s)
LEFT JOIN ticket AS t
    ON t.ticket_id = s.ticket_id
LEFT JOIN workspace_member AS m
    ON m.member_id = i.assignee_id
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN s.cancelled_at <= %(as_of)s THEN NULL
        WHEN s.met_at <= %(as_of)s THEN 'met'
        WHEN s.breached_at <= %(as_of)s THEN 'breached'
        -- past due, though nobody has recorded it yet
        WHEN s.applied_at <= %(as_of)s AND s.due_at < %(as_of)s THEN 'breached'
    END
) AS outcome (outcome)
CROSS JOIN LATERAL (
    SELECT CASE %(group_by)s::text
        WHEN 'target' THEN s.target
        WHEN 'policy' THEN s.policy || '@' || s.policy_version
        WHEN 'priority' THEN i.priority
        WHEN 'category' THEN i.category
        WHEN 'channel' THEN t.channel
        WHEN 'assignee' THEN i.assignee_id::text
        WHEN 'team' THEN i.team
    END
) AS grouped (group_key)
WHERE outcome.outcome IS NOT NULL
    -- a ticket that was merged counts where its work goes on, and spam counts nowhere
    AND i.status IS DISTINCT FROM 'merged'
    AND i.is_spam IS NOT TRUE
