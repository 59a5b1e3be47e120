SELECT
    f.stream_id,
    f.task_id,
    f.stream_type,
    f.customer_id,
    c.name AS customer_name,
    f.position,
    f.status,
    f.what,
    f.due_at,
    f.assignee_id,
    m.name AS assignee_name,
    f.about,
    f.scheduled_at,
    f.done_at,
    f.outcome
FROM follow_up AS f
LEFT JOIN customer_alias AS a
    ON a.customer_id = f.customer_id
LEFT JOIN customer_360 AS c
    ON c.customer_id = coalesce(a.root_customer_id, f.customer_id)
LEFT JOIN workspace_member AS m
    ON m.member_id = f.assignee_id
ORDER BY f.stream_id, f.task_id
