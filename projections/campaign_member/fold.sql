-- question: Whom did a campaign reach, and what did they do about it?
-- key: root_customer_id AS customer_id
-- types: customer.campaign_message_sent customer.campaign_message_delivered customer.campaign_message_bounced customer.campaign_message_opened customer.campaign_message_clicked customer.campaign_responded customer.unsubscribed

-- A member is a contact person, or the customer herself. Each moment is the first of its kind.
WITH told AS (
    SELECT
        root_customer_id,
        stream_id,
        position,
        occurred_at,
        type,
        data,
        (data->>'campaign_id')::uuid AS campaign_id,
        (data->>'person_id')::uuid AS person_id,
        (data->>'message_id')::uuid AS message_id,
        type IN ('customer.campaign_message_delivered', 'customer.campaign_message_bounced') AS is_arrival
    FROM history
), message AS (
    SELECT
        *,
        -- only the sending says to whom a message went
        first_value(CASE WHEN type = 'customer.campaign_message_sent' THEN person_id END) OVER sending AS sent_to,
        first_value(campaign_id) OVER sending AS sent_by,
        -- what arrives may still come back, and what came back may arrive later: the last of it counts
        is_arrival AND type = first_value(type) OVER (
            PARTITION BY stream_id, message_id
            ORDER BY is_arrival DESC, occurred_at DESC, position DESC
        ) AS is_outcome
    FROM told
    WINDOW sending AS (
        PARTITION BY stream_id, message_id
        ORDER BY type = 'customer.campaign_message_sent' DESC, campaign_id IS NULL, position DESC
    )
), known AS (
    SELECT
        root_customer_id,
        occurred_at,
        type,
        data,
        is_outcome,
        coalesce(campaign_id, CASE WHEN message_id IS NOT NULL THEN sent_by END) AS campaign_id,
        coalesce(person_id, CASE WHEN message_id IS NOT NULL THEN sent_to END, root_customer_id) AS subject_id
    FROM message
)
SELECT
    campaign_id,
    root_customer_id AS customer_id,
    subject_id,
    nullif(subject_id, root_customer_id) AS person_id,
    count(*) FILTER (WHERE type = 'customer.campaign_message_sent') AS messages,
    min(occurred_at) FILTER (WHERE type = 'customer.campaign_message_sent') AS sent_at,
    min(occurred_at) FILTER (WHERE type = 'customer.campaign_message_delivered' AND is_outcome) AS delivered_at,
    min(occurred_at) FILTER (WHERE type = 'customer.campaign_message_bounced' AND is_outcome) AS bounced_at,
    coalesce(
        bool_or((data->>'permanent')::boolean) FILTER (WHERE type = 'customer.campaign_message_bounced' AND is_outcome),
        false
    ) AS bounced_for_good,
    min(occurred_at) FILTER (WHERE type = 'customer.campaign_message_opened') AS opened_at,
    min(occurred_at) FILTER (WHERE type = 'customer.campaign_message_clicked') AS clicked_at,
    min(occurred_at) FILTER (WHERE type = 'customer.campaign_responded') AS responded_at,
    min(occurred_at) FILTER (WHERE type = 'customer.unsubscribed') AS unsubscribed_at
FROM known
-- who unsubscribes need not say because of which campaign
WHERE campaign_id IS NOT NULL
GROUP BY campaign_id, root_customer_id, subject_id
