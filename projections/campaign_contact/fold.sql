-- question: When did a campaign reach somebody, when did its message come back, and when was it answered?
-- key: root_customer_id AS customer_id
-- types: customer.campaign_message_sent customer.campaign_message_delivered customer.campaign_message_bounced customer.campaign_responded

-- What arrived may still come back, and what came back may arrive later: `ended_at` says when that was.
WITH told AS (
    SELECT
        root_customer_id,
        stream_id,
        position,
        occurred_at,
        replace(replace(type, 'customer.campaign_', ''), 'message_', '') AS kind,
        (data->>'campaign_id')::uuid AS campaign_id,
        (data->>'person_id')::uuid AS person_id,
        (data->>'message_id')::uuid AS message_id,
        data->>'channel' AS channel
    FROM history
), known AS (
    SELECT
        *,
        -- only the sending says to whom a message went, and how
        first_value(CASE WHEN kind = 'sent' THEN person_id END) OVER sending AS sent_to,
        first_value(CASE WHEN kind = 'sent' THEN channel END) OVER sending AS sent_by,
        min(occurred_at) FILTER (WHERE kind = 'bounced') OVER later AS came_back_at,
        min(occurred_at) FILTER (WHERE kind = 'delivered') OVER later AS arrived_at
    FROM told
    WINDOW
        sending AS (PARTITION BY stream_id, message_id ORDER BY kind = 'sent' DESC, position DESC),
        later AS (
            PARTITION BY stream_id, message_id
            ORDER BY occurred_at, position
            ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
        )
)
SELECT
    position,
    campaign_id,
    root_customer_id AS customer_id,
    coalesce(person_id, CASE WHEN message_id IS NOT NULL THEN sent_to END, root_customer_id) AS subject_id,
    kind,
    CASE WHEN message_id IS NOT NULL THEN sent_by END AS channel,
    occurred_at AS happened_at,
    CASE kind
        WHEN 'delivered' THEN came_back_at
        WHEN 'bounced' THEN arrived_at
    END AS ended_at
FROM known
WHERE kind <> 'sent'
