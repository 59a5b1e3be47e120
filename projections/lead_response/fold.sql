-- question: How soon did a lead that came to us hear from one of us?
-- key: stream_id AS lead_id
-- types: lead.captured lead.capture_corrected lead.contacted lead.interaction_logged lead.interaction_corrected lead.interaction_retracted lead.reattributed

WITH inbound AS (
    SELECT
        stream_id,
        coalesce(
            (array_agg((data->>'to_customer_id')::uuid ORDER BY position DESC) FILTER (WHERE type = 'lead.reattributed'))[1],
            customer_id
        ) AS customer_id,
        min(position) FILTER (WHERE type = 'lead.captured') AS position,
        coalesce(
            (array_agg((data->>'received_at')::timestamptz ORDER BY position) FILTER (WHERE type = 'lead.captured'))[1],
            (array_agg(occurred_at ORDER BY position DESC) FILTER (WHERE type IN ('lead.captured', 'lead.capture_corrected')))[1]
        ) AS received_at
    FROM history
    GROUP BY stream_id, customer_id
    -- nobody waits to hear from us whom we found ourselves
    HAVING (array_agg((data->>'inbound')::boolean ORDER BY position) FILTER (WHERE type = 'lead.captured'))[1]
), touch AS (
    SELECT
        stream_id,
        min(position) AS position,
        coalesce(min(occurred_at) FILTER (WHERE type = 'lead.interaction_logged'), min(occurred_at)) AS happened_at,
        (array_agg(data->>'kind' ORDER BY position DESC) FILTER (WHERE data ? 'kind'))[1] AS kind
    FROM history
    WHERE type IN ('lead.contacted', 'lead.interaction_logged', 'lead.interaction_corrected', 'lead.interaction_retracted')
    -- who says that a lead was contacted, and not how, says so each time of another contact
    GROUP BY stream_id, coalesce(data->>'interaction_id', position::text)
    HAVING NOT bool_or(type = 'lead.interaction_retracted')
        AND (array_agg(
            type = 'lead.contacted' OR coalesce(data->>'direction' = 'outbound' AND data->>'kind' <> 'note', false)
            ORDER BY position DESC
        ))[1]
        -- what a program sends by itself is no answer, whoever corrects it later
        AND (array_agg(actor->>'kind' ORDER BY position))[1] NOT IN ('automation', 'system')
), response AS (
    SELECT DISTINCT ON (t.stream_id)
        t.stream_id,
        t.happened_at,
        t.position,
        t.kind
    FROM touch AS t
    JOIN inbound AS i
        ON i.stream_id = t.stream_id
        AND i.received_at <= t.happened_at
    ORDER BY t.stream_id, t.happened_at, t.position
)
SELECT
    i.stream_id AS lead_id,
    i.customer_id,
    i.position,
    i.received_at,
    r.happened_at AS responded_at,
    r.position AS responded_position,
    r.kind AS responded_by
FROM inbound AS i
LEFT JOIN response AS r
    ON r.stream_id = i.stream_id
