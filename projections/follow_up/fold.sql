-- question: What is to be done for this customer, by whom and until when?
-- key: part_id AS task_id
-- types: customer.follow_up_* lead.follow_up_* ticket.follow_up_*

WITH told AS (
    SELECT
        stream_id,
        part_id,
        stream_type,
        root_customer_id,
        position,
        split_part(type, '.follow_up_', 2) AS what_happened,
        data,
        personal,
        occurred_at
    FROM history
), task AS (
    SELECT
        stream_id,
        part_id,
        stream_type,
        root_customer_id,
        max(position) AS position,
        (array_agg(data ORDER BY position DESC) FILTER (WHERE what_happened = 'scheduled'))[1] AS scheduled,
        (array_agg(personal ORDER BY position DESC) FILTER (WHERE what_happened = 'scheduled'))[1] AS scheduled_personal,
        (array_agg(occurred_at ORDER BY position DESC) FILTER (WHERE what_happened = 'scheduled'))[1] AS scheduled_at,
        (array_agg((data->>'due_at')::timestamptz ORDER BY position DESC) FILTER (WHERE data ? 'due_at'))[1] AS due_at,
        (array_agg(what_happened ORDER BY position DESC) FILTER (WHERE what_happened IN ('completed', 'cancelled')))[1] AS done,
        (array_agg(personal ORDER BY position DESC) FILTER (WHERE what_happened IN ('completed', 'cancelled')))[1] AS done_personal,
        (array_agg(occurred_at ORDER BY position DESC) FILTER (WHERE what_happened IN ('completed', 'cancelled')))[1] AS done_at
    FROM told
    GROUP BY stream_id, part_id, stream_type, root_customer_id
    -- nothing brings back what was retracted
    HAVING NOT bool_or(what_happened = 'retracted')
)
SELECT
    stream_id,
    part_id AS task_id,
    stream_type,
    root_customer_id AS customer_id,
    position,
    coalesce(done, 'scheduled') AS status,
    -- a fact may be told again after its subject was forgotten; it then says so in its place
    nullif(scheduled_personal->'what', '{"forgotten": true}') #>> '{}' AS what,
    due_at,
    (scheduled->>'assignee_id')::uuid AS assignee_id,
    scheduled->>'about' AS about,
    scheduled_at,
    done_at,
    nullif(coalesce(done_personal->'outcome', done_personal->'reason'), '{"forgotten": true}') #>> '{}' AS outcome
FROM task
