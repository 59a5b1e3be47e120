-- What may we send to a customer, or to one of her people?
-- key: root_customer_id AS customer_id
-- types: customer.consent_granted customer.consent_withdrawn customer.unsubscribed

-- Who unsubscribed from a channel is asked nothing there, until she allows something on it again.
WITH told AS (
    SELECT
        root_customer_id AS customer_id,
        coalesce((data->>'person_id')::uuid, root_customer_id) AS subject_id,
        (data->>'person_id')::uuid AS person_id,
        data->>'channel' AS channel,
        data->>'purpose' AS purpose,
        position,
        type,
        data,
        personal,
        occurred_at
    FROM history
), latest AS (
    SELECT
        *,
        max(position) OVER (PARTITION BY customer_id, subject_id, channel, purpose) AS last_position,
        max(position) FILTER (WHERE type = 'customer.unsubscribed') OVER by_channel AS unsubscribed_position,
        max(position) FILTER (WHERE type = 'customer.consent_granted') OVER by_channel AS granted_position
    FROM told
    WINDOW by_channel AS (PARTITION BY customer_id, subject_id, channel)
)
SELECT
    customer_id,
    subject_id,
    channel,
    -- an unsubscription holds for all purposes of the channel, and has none of its own
    coalesce(purpose, '') AS purpose,
    person_id,
    type = 'customer.consent_granted' AS is_granted,
    type = 'customer.consent_granted' AND coalesce(unsubscribed_position < granted_position, true) AS is_allowed,
    data->>'source' AS source,
    data->>'text_version' AS text_version,
    nullif(personal->'proof', '{"forgotten": true}') #>> '{}' AS proof,
    occurred_at AS said_at,
    position
FROM latest
WHERE position = last_position
    AND (purpose IS NOT NULL OR coalesce(granted_position < position, true))
