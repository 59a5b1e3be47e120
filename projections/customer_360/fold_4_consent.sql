-- What may we send to a customer, or to one of her people?
-- key: root_customer_id AS customer_id
-- types: customer.consent_granted customer.consent_withdrawn customer.unsubscribed customer.contact_person_added customer.contact_person_role_assigned customer.contact_person_removed customer.person_forgotten customer.forgotten

-- Who unsubscribed from a channel is asked nothing there, until she allows something on it again; and none of her
-- people is, where the customer herself unsubscribed. Nor is who was forgotten or does not speak for her any more.
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
), person AS (
    SELECT
        customer_id,
        person_id,
        (array_agg(type ORDER BY position DESC))[1] IN (
            'customer.contact_person_added', 'customer.contact_person_role_assigned'
        )
            AND NOT bool_or(type = 'customer.person_forgotten') AS is_there
    FROM told
    WHERE type LIKE 'customer.contact\_person\_%'
        OR type = 'customer.person_forgotten'
    GROUP BY customer_id, person_id
), gone AS (
    SELECT DISTINCT
        customer_id
    FROM told
    WHERE type = 'customer.forgotten'
), latest AS (
    SELECT
        *,
        max(position) OVER (PARTITION BY customer_id, subject_id, channel, purpose) AS last_position,
        max(position) FILTER (WHERE type = 'customer.unsubscribed') OVER by_channel AS unsubscribed_position,
        max(position) FILTER (WHERE type = 'customer.consent_granted') OVER by_channel AS granted_position,
        max(position) FILTER (WHERE type = 'customer.unsubscribed' AND person_id IS NULL) OVER of_all AS all_unsubscribed_position,
        max(position) FILTER (WHERE type = 'customer.consent_granted' AND person_id IS NULL) OVER of_all AS all_granted_position
    FROM told
    WHERE type IN ('customer.consent_granted', 'customer.consent_withdrawn', 'customer.unsubscribed')
    WINDOW
        by_channel AS (PARTITION BY customer_id, subject_id, channel),
        of_all AS (PARTITION BY customer_id, channel)
)
SELECT
    l.customer_id,
    l.subject_id,
    l.channel,
    -- an unsubscription holds for all purposes of the channel, and has none of its own
    coalesce(l.purpose, '') AS purpose,
    l.person_id,
    l.type = 'customer.consent_granted' AS is_granted,
    l.type = 'customer.consent_granted'
        AND coalesce(l.unsubscribed_position < l.granted_position, true)
        AND coalesce(l.all_unsubscribed_position < coalesce(l.all_granted_position, 0), true)
        AND (l.person_id IS NULL OR coalesce(p.is_there, false))
        AND g.customer_id IS NULL AS is_allowed,
    l.data->>'source' AS source,
    l.data->>'text_version' AS text_version,
    nullif(l.personal->'proof', '{"forgotten": true}') #>> '{}' AS proof,
    l.occurred_at AS said_at,
    l.position
FROM latest AS l
LEFT JOIN person AS p
    ON p.customer_id = l.customer_id
    AND p.person_id = l.person_id
LEFT JOIN gone AS g
    ON g.customer_id = l.customer_id
WHERE l.position = l.last_position
    AND (l.purpose IS NOT NULL OR coalesce(l.granted_position < l.position, true))
