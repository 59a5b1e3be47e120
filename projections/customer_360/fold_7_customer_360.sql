-- question: What do we know of this customer today?
-- key: root_customer_id AS customer_id

WITH record AS (
    SELECT
        customer_id,
        count(*) FILTER (WHERE noun = 'lead' AND is_open AND NOT is_merged) AS open_leads,
        count(*) FILTER (WHERE noun = 'ticket' AND is_open AND NOT is_merged) AS open_tickets,
        min(begun_at) AS first_at,
        (array_agg(csat ORDER BY rated_at DESC, record_id) FILTER (WHERE csat IS NOT NULL))[1] AS csat_score,
        max(rated_at) AS csat_at
    FROM customer_record
    GROUP BY customer_id
), part AS (
    SELECT
        customer_id,
        count(*) FILTER (WHERE kind = 'follow_up' AND is_open) AS open_follow_ups,
        min(due_at) FILTER (WHERE kind = 'follow_up' AND is_open) AS next_due_at,
        count(*) FILTER (WHERE kind = 'interaction') AS interactions,
        max(began_at) FILTER (WHERE kind = 'interaction') AS last_interaction_at,
        count(*) FILTER (WHERE kind = 'purchase') AS purchases,
        max(began_at) FILTER (WHERE kind = 'purchase') AS last_purchase_at,
        count(*) FILTER (WHERE kind = 'subscription' AND is_open) AS subscriptions,
        min(began_at) AS first_at
    FROM customer_part
    GROUP BY customer_id
), money AS (
    SELECT
        customer_id,
        jsonb_object_agg(currency, amount::text) FILTER (WHERE kind = 'subscription' AND amount <> 0) AS mrr,
        jsonb_object_agg(currency, amount::text) FILTER (WHERE kind = 'purchase') AS purchased
    FROM (
        SELECT
            customer_id,
            kind,
            currency,
            sum(amount) AS amount
        FROM customer_part
        WHERE currency IS NOT NULL
            AND amount IS NOT NULL
        GROUP BY customer_id, kind, currency
    ) AS summed
    GROUP BY customer_id
), life AS (
    SELECT
        customer_id,
        min(valid_from) AS first_at,
        (array_agg(status ORDER BY valid_from DESC))[1] AS status,
        (array_agg(is_archived ORDER BY valid_from DESC))[1] AS is_archived,
        (array_agg(is_forgotten ORDER BY valid_from DESC))[1] AS is_forgotten,
        max(valid_from) AS status_since
    FROM customer_lifecycle_interval
    GROUP BY customer_id
), point AS (
    SELECT
        customer_id,
        min(added_at) AS first_at,
        (array_agg(coalesce(normalised, written) ORDER BY person_id IS NOT NULL, is_primary DESC, position DESC)
            FILTER (WHERE kind = 'email' AND written IS NOT NULL))[1] AS email,
        (array_agg(coalesce(normalised, written) ORDER BY person_id IS NOT NULL, is_primary DESC, position DESC)
            FILTER (WHERE kind = 'phone' AND written IS NOT NULL))[1] AS phone
    FROM contact_point
    GROUP BY customer_id
), allowed AS (
    SELECT
        customer_id,
        jsonb_object_agg(channel, purposes) FILTER (WHERE purposes IS NOT NULL) AS consents,
        array_agg(channel ORDER BY channel COLLATE "C") FILTER (WHERE is_unsubscribed) AS unsubscribed
    FROM (
        SELECT
            customer_id,
            channel,
            jsonb_object_agg(purpose, is_allowed) FILTER (WHERE purpose <> '') AS purposes,
            bool_or(purpose = '') AS is_unsubscribed
        FROM consent
        WHERE person_id IS NULL
        GROUP BY customer_id, channel
    ) AS per_channel
    GROUP BY customer_id
), known AS (
    SELECT customer_id FROM customer_profile
    UNION
    SELECT customer_id FROM life
    UNION
    SELECT customer_id FROM record
    UNION
    SELECT customer_id FROM part
    UNION
    SELECT customer_id FROM point
    UNION
    SELECT customer_id FROM consent
)
SELECT
    k.customer_id,
    p.kind,
    p.name,
    CASE
        WHEN life.is_forgotten THEN 'forgotten'
        WHEN life.is_archived THEN 'archived'
        ELSE coalesce(life.status, 'prospect')
    END AS status,
    life.status_since,
    least(p.first_at, life.first_at, record.first_at, part.first_at, point.first_at) AS since,
    p.source,
    p.owner_id,
    p.team,
    p.segment,
    p.industry,
    p.size,
    p.tier,
    p.external_ids,
    coalesce(p.tags, '{}') AS tags,
    coalesce(p.custom_fields, '{}') AS custom_fields,
    point.email,
    point.phone,
    coalesce(allowed.consents, '{}') AS consents,
    coalesce(allowed.unsubscribed, '{}') AS unsubscribed,
    coalesce(record.open_leads, 0) AS open_leads,
    coalesce(record.open_tickets, 0) AS open_tickets,
    coalesce(part.open_follow_ups, 0) AS open_follow_ups,
    part.next_due_at,
    coalesce(part.interactions, 0) AS interactions,
    part.last_interaction_at,
    coalesce(part.purchases, 0) AS purchases,
    part.last_purchase_at,
    coalesce(part.subscriptions, 0) AS subscriptions,
    coalesce(money.mrr, '{}') AS mrr,
    coalesce(money.purchased, '{}') AS purchased,
    p.nps_score,
    p.nps_at,
    -- a rated ticket is an answer like any other
    CASE WHEN p.csat_at > record.csat_at OR record.csat_at IS NULL THEN p.csat_score ELSE record.csat_score END AS csat_score,
    greatest(p.csat_at, record.csat_at) AS csat_at,
    p.ces_score,
    p.ces_at
FROM known AS k
LEFT JOIN customer_profile AS p
    ON p.customer_id = k.customer_id
LEFT JOIN life
    ON life.customer_id = k.customer_id
LEFT JOIN record
    ON record.customer_id = k.customer_id
LEFT JOIN part
    ON part.customer_id = k.customer_id
LEFT JOIN money
    ON money.customer_id = k.customer_id
LEFT JOIN point
    ON point.customer_id = k.customer_id
LEFT JOIN allowed
    ON allowed.customer_id = k.customer_id
