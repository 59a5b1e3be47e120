-- question: What held for each ticket at as_of?
-- reads: ticket_status_interval ticket workspace_member
-- groups: status priority category channel assignee team

-- One row per ticket. Channel is today's, all else that at as_of.
SELECT
    i.*,
    grouped.group_key,
    CASE %(group_by)s::text WHEN 'assignee' THEN m.name ELSE grouped.group_key END AS group_label
FROM ticket_status_interval AS i
LEFT JOIN ticket AS t
    ON t.ticket_id = i.ticket_id
LEFT JOIN workspace_member AS m
    ON m.member_id = i.assignee_id
CROSS JOIN LATERAL (
    SELECT CASE %(group_by)s::text
        WHEN 'status' THEN i.status
        WHEN 'priority' THEN i.priority
        WHEN 'category' THEN i.category
        WHEN 'channel' THEN t.channel
        WHEN 'assignee' THEN i.assignee_id::text
        WHEN 'team' THEN i.team
    END
) AS grouped (group_key)
WHERE i.valid_from <= %(as_of)s
    AND (i.valid_to IS NULL OR i.valid_to > %(as_of)s)
