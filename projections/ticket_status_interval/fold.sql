-- question: Which status, priority, category, assignee and team did a ticket have at any moment?
-- key: stream_id AS ticket_id
-- types: ticket.opened ticket.assigned ticket.priority_raised ticket.priority_lowered ticket.categorised ticket.replied ticket.put_pending ticket.put_on_hold ticket.resumed ticket.solved ticket.reopened ticket.closed ticket.marked_spam ticket.merged_into ticket.merge_reverted

-- What held at a moment T is, field by field, what was recorded last among the events that had happened by T. So a late
-- event changes just the time from which it holds.
WITH no_merge AS (
    SELECT
        stream_id,
        data->>'merge_id' AS merge_id,
        max(position) AS position
    FROM history
    WHERE type = 'ticket.merge_reverted'
    GROUP BY stream_id, data->>'merge_id'
), told AS (
    SELECT
        *,
        CASE type
            WHEN 'ticket.opened' THEN 'new'
            WHEN 'ticket.put_pending' THEN 'pending'
            WHEN 'ticket.put_on_hold' THEN 'on_hold'
            WHEN 'ticket.resumed' THEN 'open'
            WHEN 'ticket.reopened' THEN 'open'
            WHEN 'ticket.solved' THEN 'solved'
            WHEN 'ticket.closed' THEN 'closed'
            WHEN 'ticket.marked_spam' THEN 'closed'
        END AS status,
        CASE type
            WHEN 'ticket.assigned' THEN data ?| ARRAY['assignee_id', 'team']
            WHEN 'ticket.replied' THEN data->>'author' = 'agent'
                AND (data->>'public')::boolean
                -- the same message twice is one reply; without a name, each is a message of its own
                AND row_number() OVER (
                    PARTITION BY
                        stream_id,
                        type,
                        CASE
                            WHEN jsonb_typeof(personal->'message_id') = 'string' THEN personal->'message_id'
                            ELSE to_jsonb(position)
                        END
                    ORDER BY position
                ) = 1
            ELSE false
        END AS takes_up
    FROM history
    WHERE type <> 'ticket.merge_reverted'
), change AS (
    SELECT
        stream_id,
        root_customer_id,
        position,
        occurred_at,
        type,
        data,
        -- new ends with the first assignment or answer, and only with that
        CASE
            WHEN takes_up AND row_number() OVER (PARTITION BY stream_id, takes_up ORDER BY occurred_at, position) = 1 THEN 'taken up'
            ELSE status
        END AS status
    FROM told
    WHERE (takes_up OR type <> 'ticket.replied')
        -- a merge that was reverted never held
        AND NOT EXISTS (
            SELECT
            FROM no_merge
            WHERE told.type = 'ticket.merged_into'
                AND no_merge.stream_id = told.stream_id
                AND no_merge.merge_id = told.data->>'merge_id'
                AND no_merge.position > told.position
        )
), so_far AS (
    SELECT
        stream_id,
        root_customer_id,
        occurred_at,
        row_number() OVER (PARTITION BY stream_id, occurred_at ORDER BY position) AS rank_at_moment,
        min(occurred_at) FILTER (WHERE type = 'ticket.opened') OVER (PARTITION BY stream_id) AS opened_at,
        -- whatever turned it counts before who took it up, and that before the opening
        coalesce(
            max(position) FILTER (WHERE status NOT IN ('new', 'taken up')) OVER until,
            max(position) FILTER (WHERE status = 'taken up') OVER until,
            max(position) FILTER (WHERE status = 'new') OVER until
        ) AS status_position,
        max(position) FILTER (WHERE type IN ('ticket.opened', 'ticket.priority_raised', 'ticket.priority_lowered')) OVER until AS priority_position,
        max(position) FILTER (WHERE type IN ('ticket.opened', 'ticket.categorised')) OVER until AS category_position,
        max(position) FILTER (WHERE type = 'ticket.assigned') OVER until AS assigned_position,
        max(position) FILTER (WHERE type = 'ticket.merged_into') OVER until AS merge_position
    FROM change
    WINDOW until AS (PARTITION BY stream_id ORDER BY occurred_at)
), moment AS (
    SELECT
        *,
        lag(ROW(status_position, priority_position, category_position, assigned_position, merge_position)) OVER (
            PARTITION BY stream_id ORDER BY occurred_at
        ) AS before
    FROM so_far
    WHERE rank_at_moment = 1
), held AS (
    SELECT
        *,
        lead(occurred_at) OVER (PARTITION BY stream_id ORDER BY occurred_at) AS next_at
    FROM moment
    -- where an event that was recorded later had already happened, nothing changes
    WHERE ROW(status_position, priority_position, category_position, assigned_position, merge_position) IS DISTINCT FROM before
)
SELECT
    m.stream_id AS ticket_id,
    m.root_customer_id AS customer_id,
    m.opened_at,
    greatest(m.status_position, m.priority_position, m.category_position, m.assigned_position, m.merge_position) AS position,
    m.occurred_at AS valid_from,
    m.next_at AS valid_to,
    CASE
        WHEN m.merge_position IS NOT NULL THEN 'merged'
        WHEN status.status = 'taken up' THEN 'open'
        -- a history that began elsewhere may lack its opening
        WHEN m.opened_at IS NULL THEN coalesce(status.status, 'new')
        ELSE status.status
    END AS status,
    status.occurred_at AS status_since,
    m.status_position,
    coalesce(status.type = 'ticket.marked_spam', false) AS is_spam,
    coalesce(priority.data->>'to_priority', priority.data->>'priority') AS priority,
    category.data->>'category' AS category,
    (assigned.data->>'assignee_id')::uuid AS assignee_id,
    assigned.data->>'team' AS team
FROM held AS m
LEFT JOIN change AS status
    ON status.position = m.status_position
LEFT JOIN change AS priority
    ON priority.position = m.priority_position
LEFT JOIN change AS category
    ON category.position = m.category_position
LEFT JOIN change AS assigned
    ON assigned.position = m.assigned_position
