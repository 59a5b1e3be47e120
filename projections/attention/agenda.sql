-- what is still to be done, by whom and for whom: what is due first first, or last first
SELECT
    f.stream_type,
    f.stream_id,
    f.task_id,
    f.what,
    f.due_at,
    f.about,
    f.assignee_id,
    m.name AS assignee_name,
    c.customer_id,
    c.name AS customer_name,
    coalesce(l.title, t.subject) AS title
FROM follow_up AS f
LEFT JOIN customer_alias AS a
    ON a.customer_id = f.customer_id
LEFT JOIN customer_360 AS c
    ON c.customer_id = coalesce(a.root_customer_id, f.customer_id)
LEFT JOIN lead AS l
    ON l.lead_id = f.stream_id
LEFT JOIN ticket AS t
    ON t.ticket_id = f.stream_id
LEFT JOIN workspace_member AS m
    ON m.member_id = f.assignee_id
WHERE f.status = 'scheduled'
    AND f.due_at IS NOT NULL
    AND (%(assignee_id)s::uuid IS NULL OR f.assignee_id = %(assignee_id)s)
    AND (NOT %(is_nobodys)s OR f.assignee_id IS NULL)
    AND (%(since)s::timestamptz IS NULL OR f.due_at >= %(since)s)
    AND (%(before)s::timestamptz IS NULL OR f.due_at < %(before)s)
    AND (
        %(after_due_at)s::timestamptz IS NULL
        OR (f.due_at, f.task_id) > (%(after_due_at)s, %(after_task_id)s)
    )
ORDER BY
    CASE WHEN %(last_first)s THEN f.due_at END DESC,
    f.due_at,
    f.task_id
LIMIT %(limit)s
