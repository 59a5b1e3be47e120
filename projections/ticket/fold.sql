-- question: What do we know of this ticket today?
-- key: stream_id AS ticket_id
-- types: ticket.* ticket.events_undone

-- Read once: each reading of the history would be planned and joined anew, for a single ticket too.
WITH told AS MATERIALIZED (
    SELECT
        stream_id,
        root_customer_id,
        version,
        position,
        type,
        data,
        personal,
        metadata,
        part_id,
        occurred_at
    FROM history
), custom_field AS (
    SELECT
        stream_id,
        jsonb_object_agg(field_id, value) FILTER (WHERE value IS NOT NULL) AS custom_fields
    FROM (
        SELECT DISTINCT ON (stream_id, data->>'field_id')
            stream_id,
            data->>'field_id' AS field_id,
            -- what was forgotten has no value, also where a fact told again says so in its place
            CASE
                WHEN personal ? 'personal_value' THEN personal->'personal_value'->'value'
                ELSE data->'value'->'value'
            END AS value
        FROM told
        WHERE type = 'ticket.custom_field_recorded'
        ORDER BY stream_id, data->>'field_id', position DESC
    ) AS latest
    GROUP BY stream_id
), follow_up AS (
    SELECT
        stream_id,
        count(*) AS open_follow_ups
    FROM (
        SELECT
            stream_id,
            part_id,
            bool_or(type NOT IN ('ticket.follow_up_scheduled', 'ticket.follow_up_rescheduled')) AS is_done
        FROM told
        WHERE type LIKE 'ticket.follow\_up\_%'
        GROUP BY stream_id, part_id
    ) AS task
    WHERE NOT is_done
    GROUP BY stream_id
), due AS (
    SELECT DISTINCT ON (stream_id)
        stream_id,
        target,
        due_at
    FROM (
        SELECT DISTINCT ON (stream_id, data->>'target')
            stream_id,
            data->>'target' AS target,
            CASE WHEN type = 'ticket.sla_applied' AND data->>'clock' = 'running' THEN (data->>'due_at')::timestamptz END AS due_at
        FROM told
        WHERE type IN ('ticket.sla_applied', 'ticket.sla_met', 'ticket.sla_breached', 'ticket.sla_cancelled')
        ORDER BY stream_id, data->>'target', position DESC
    ) AS clock
    WHERE due_at IS NOT NULL
    ORDER BY stream_id, due_at, target
), talk AS (
    SELECT
        stream_id,
        position,
        occurred_at,
        type,
        CASE
            -- what only we read answers nobody
            WHEN type = 'ticket.replied' AND (data->>'public')::boolean THEN data->>'author'
        END AS author,
        CASE WHEN type = 'ticket.opened' THEN (data->>'inbound')::boolean END AS inbound
    FROM (
        SELECT
            *,
            -- the same message twice is one reply; without a name, each is a message of its own
            row_number() OVER (
                PARTITION BY
                    stream_id,
                    CASE
                        WHEN jsonb_typeof(personal->'message_id') = 'string' THEN personal->'message_id'
                        ELSE to_jsonb(position)
                    END
                ORDER BY position
            ) AS telling
        FROM told
        WHERE type IN ('ticket.opened', 'ticket.replied', 'ticket.solved', 'ticket.closed')
    ) AS spoken
    WHERE telling = 1
), reply AS (
    SELECT
        stream_id,
        min(occurred_at) FILTER (WHERE author = 'agent') AS first_replied_at,
        count(*) FILTER (WHERE author = 'agent') AS agent_replies,
        count(*) FILTER (WHERE author = 'customer') AS customer_replies
    FROM talk
    WHERE author IS NOT NULL
    GROUP BY stream_id
), wait AS (
    SELECT
        stream_id,
        CASE WHEN bool_or(inbound) THEN 'first_response' ELSE 'next_reply' END AS awaits,
        min(occurred_at) AS awaits_since
    FROM (
        SELECT
            *,
            max(position) FILTER (WHERE author = 'agent' OR NOT inbound OR type IN ('ticket.solved', 'ticket.closed')) OVER (
                PARTITION BY stream_id
            ) AS settled_position
        FROM talk
    ) AS asked
    WHERE (author = 'customer' OR inbound)
        AND position > coalesce(settled_position, 0)
    GROUP BY stream_id
), turn AS (
    SELECT
        stream_id,
        (array_agg(type ORDER BY position DESC))[1] AS type,
        (array_agg(personal ORDER BY position DESC))[1] AS personal,
        (array_agg(occurred_at ORDER BY position DESC))[1] AS since,
        (array_agg(occurred_at ORDER BY position) FILTER (WHERE is_solving))[1] AS first_solved_at,
        (array_agg(occurred_at ORDER BY position DESC) FILTER (WHERE is_solving))[1] AS solved_at,
        (array_agg(personal ORDER BY position DESC) FILTER (WHERE type = 'ticket.solved'))[1] AS solved,
        (array_agg(occurred_at ORDER BY position DESC) FILTER (WHERE is_reopening))[1] AS reopened_at,
        count(*) FILTER (WHERE is_reopening) AS reopenings
    FROM (
        SELECT
            *,
            -- a ticket that is closed once it was solved is not solved again by that
            type IN ('ticket.solved', 'ticket.closed')
                AND coalesce(before, '') NOT IN ('ticket.solved', 'ticket.closed') AS is_solving,
            -- what was no spam after all was never solved
            type = 'ticket.reopened' AND before IS DISTINCT FROM 'ticket.marked_spam' AS is_reopening
        FROM (
            SELECT
                stream_id,
                position,
                type,
                personal,
                occurred_at,
                lag(type) OVER (PARTITION BY stream_id ORDER BY position) AS before
            FROM told
            WHERE type IN (
                'ticket.put_pending',
                'ticket.put_on_hold',
                'ticket.resumed',
                'ticket.solved',
                'ticket.reopened',
                'ticket.closed',
                'ticket.marked_spam'
            )
        ) AS turned
    ) AS judged
    GROUP BY stream_id
), taken_up AS (
    SELECT
        stream_id,
        (array_agg(occurred_at ORDER BY position))[1] AS since
    FROM (
        SELECT stream_id, position, occurred_at FROM talk WHERE author = 'agent'
        UNION ALL
        SELECT stream_id, position, occurred_at FROM told
        WHERE type = 'ticket.assigned'
            AND data ?| ARRAY['assignee_id', 'team']
    ) AS begun
    GROUP BY stream_id
), state AS (
    SELECT
        stream_id AS ticket_id,
        root_customer_id AS customer_id,
        max(version) AS version,
        max(position) AS position,
        (array_agg(data ORDER BY position DESC) FILTER (WHERE type = 'ticket.opened'))[1] AS opened,
        (array_agg(personal ORDER BY position DESC) FILTER (WHERE type = 'ticket.opened'))[1] AS opened_personal,
        coalesce(
            (array_agg(occurred_at ORDER BY position DESC) FILTER (WHERE type = 'ticket.opened'))[1],
            min(occurred_at) FILTER (WHERE type <> 'ticket.events_undone')
        ) AS opened_at,
        (array_agg(coalesce(data->>'to_priority', data->>'priority') ORDER BY position DESC)
            FILTER (WHERE type IN ('ticket.opened', 'ticket.priority_raised', 'ticket.priority_lowered')))[1] AS priority,
        (array_agg(data->>'category' ORDER BY position DESC) FILTER (WHERE type IN ('ticket.opened', 'ticket.categorised')))[1] AS category,
        (array_agg(data ORDER BY position DESC) FILTER (WHERE type = 'ticket.assigned'))[1] AS assigned,
        (array_agg((data->>'level')::integer ORDER BY position DESC) FILTER (WHERE type = 'ticket.escalated'))[1] AS level,
        (array_agg((data->>'csat')::integer ORDER BY position DESC) FILTER (WHERE type = 'ticket.rated'))[1] AS csat,
        (array_agg(personal ORDER BY position DESC) FILTER (WHERE type = 'ticket.rated'))[1] AS rated,
        (array_agg(occurred_at ORDER BY position DESC) FILTER (WHERE type = 'ticket.rated'))[1] AS rated_at,
        (array_agg(data ORDER BY position DESC) FILTER (WHERE type = 'ticket.merged_into'))[1] AS merged,
        max(position) FILTER (WHERE type = 'ticket.merged_into') AS merged_position,
        jsonb_object_agg(data->>'merge_id', position ORDER BY position) FILTER (WHERE type = 'ticket.merge_reverted') AS no_merge,
        max(occurred_at) FILTER (WHERE type <> 'ticket.events_undone') AS last_event_at,
        jsonb_path_query_array(
            jsonb_agg(metadata->'flags' ORDER BY position) FILTER (WHERE metadata ? 'flags'), '$[*][*]'
        ) AS flags
    FROM told
    GROUP BY stream_id, root_customer_id
    -- of a ticket that was undone altogether only that is left
    HAVING bool_or(type <> 'ticket.events_undone')
)
SELECT
    s.ticket_id,
    s.customer_id,
    s.version,
    s.position,
    -- whose work goes on in another ticket is that one, until the merge is reverted
    CASE WHEN merge.survivor_id IS NULL THEN turned.status ELSE 'merged' END AS status,
    coalesce(turn.since, taken_up.since, s.opened_at) AS status_since,
    coalesce(turn.type = 'ticket.marked_spam', false) AS is_spam,
    -- a fact may be told again after its subject was forgotten; it then says so in its place
    nullif(s.opened_personal->'subject', '{"forgotten": true}') #>> '{}' AS subject,
    s.opened->>'channel' AS channel,
    (s.opened->>'inbound')::boolean AS inbound,
    (s.opened->>'person_id')::uuid AS person_id,
    (s.opened->>'follows')::uuid AS follows,
    nullif(s.opened_personal->'external_ids', '{"forgotten": true}') AS external_ids,
    coalesce(s.priority, 'normal') AS priority,
    s.category,
    (s.assigned->>'assignee_id')::uuid AS assignee_id,
    s.assigned->>'team' AS team,
    coalesce(s.level, 0) AS level,
    wait.awaits,
    wait.awaits_since,
    CASE
        WHEN turned.status IN ('pending', 'on_hold') THEN nullif(turn.personal->'waiting_for', '{"forgotten": true}') #>> '{}'
    END AS waiting_for,
    s.opened_at,
    reply.first_replied_at,
    coalesce(reply.agent_replies, 0) AS agent_replies,
    coalesce(reply.customer_replies, 0) AS customer_replies,
    turn.first_solved_at,
    CASE WHEN turn.type IN ('ticket.solved', 'ticket.closed') THEN turn.solved_at END AS solved_at,
    CASE
        WHEN turn.type IN ('ticket.solved', 'ticket.closed') THEN nullif(turn.solved->'resolution', '{"forgotten": true}') #>> '{}'
    END AS resolution,
    turn.reopened_at,
    coalesce(turn.reopenings, 0) AS reopenings,
    CASE WHEN turned.status = 'closed' THEN turn.since END AS closed_at,
    s.csat,
    nullif(s.rated->'comment', '{"forgotten": true}') #>> '{}' AS csat_comment,
    s.rated_at,
    s.opened->'sla_policy'->>'name' AS sla_policy,
    (s.opened->'sla_policy'->>'version')::integer AS sla_policy_version,
    due.target AS sla_target,
    due.due_at AS sla_due_at,
    merge.survivor_id AS merged_into,
    coalesce(custom_field.custom_fields, '{}') AS custom_fields,
    coalesce(follow_up.open_follow_ups, 0) AS open_follow_ups,
    s.last_event_at,
    ARRAY(SELECT jsonb_array_elements_text(s.flags)) AS flags
FROM state AS s
LEFT JOIN turn
    ON turn.stream_id = s.ticket_id
LEFT JOIN taken_up
    ON taken_up.stream_id = s.ticket_id
LEFT JOIN reply
    ON reply.stream_id = s.ticket_id
LEFT JOIN wait
    ON wait.stream_id = s.ticket_id
LEFT JOIN due
    ON due.stream_id = s.ticket_id
LEFT JOIN custom_field
    ON custom_field.stream_id = s.ticket_id
LEFT JOIN follow_up
    ON follow_up.stream_id = s.ticket_id
CROSS JOIN LATERAL (
    SELECT CASE turn.type
        WHEN 'ticket.put_pending' THEN 'pending'
        WHEN 'ticket.put_on_hold' THEN 'on_hold'
        WHEN 'ticket.resumed' THEN 'open'
        WHEN 'ticket.reopened' THEN 'open'
        WHEN 'ticket.solved' THEN 'solved'
        WHEN 'ticket.closed' THEN 'closed'
        WHEN 'ticket.marked_spam' THEN 'closed'
        -- new ends with the first assignment or answer and never comes back
        ELSE CASE WHEN taken_up.stream_id IS NULL THEN 'new' ELSE 'open' END
    END AS status
) AS turned
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN (s.no_merge->>(s.merged->>'merge_id'))::bigint > s.merged_position THEN NULL
        ELSE (s.merged->>'survivor_id')::uuid
    END AS survivor_id
) AS merge
