-- question: Which campaigns are there, how far are they, and what did they cost?
-- key: stream_id AS campaign_id
-- types: campaign.*

-- `spent` holds the sum of each currency as text, as {"EUR": "120.50"}: a reader's JSON may know no exact decimals
WITH cost AS (
    SELECT
        stream_id,
        jsonb_object_agg(currency, amount::text ORDER BY currency) AS spent
    FROM (
        SELECT
            stream_id,
            data->'spent'->>'currency' AS currency,
            sum((data->'spent'->>'amount')::numeric) AS amount
        FROM history
        WHERE type = 'campaign.budget_spent'
        GROUP BY stream_id, data->'spent'->>'currency'
    ) AS sums
    GROUP BY stream_id
), state AS (
    SELECT
        stream_id,
        customer_id,
        max(version) AS version,
        max(position) AS position,
        (array_agg(type ORDER BY position DESC) FILTER (WHERE type IN ('campaign.launched', 'campaign.ended')))[1] AS status,
        -- planned again, the later plan holds in full
        (array_agg(data ORDER BY position DESC) FILTER (WHERE type = 'campaign.planned'))[1] AS plan,
        (array_agg(occurred_at ORDER BY position) FILTER (WHERE type = 'campaign.planned'))[1] AS planned_at,
        (array_agg(occurred_at ORDER BY position DESC) FILTER (WHERE type = 'campaign.launched'))[1] AS launched_at,
        (array_agg(occurred_at ORDER BY position DESC) FILTER (WHERE type = 'campaign.ended'))[1] AS ended_at,
        (array_agg(personal ORDER BY position DESC) FILTER (WHERE type = 'campaign.ended'))[1] AS ended
    FROM history
    GROUP BY stream_id, customer_id
)
SELECT
    s.stream_id AS campaign_id,
    s.customer_id,
    s.version,
    s.position,
    CASE s.status
        WHEN 'campaign.launched' THEN 'launched'
        WHEN 'campaign.ended' THEN 'ended'
        ELSE 'planned'
    END AS status,
    s.plan->>'name' AS name,
    s.plan->>'kind' AS kind,
    (s.plan->>'owner_id')::uuid AS owner_id,
    (s.plan->>'starts_on')::date AS starts_on,
    (s.plan->>'ends_on')::date AS ends_on,
    (s.plan->'budget'->>'amount')::numeric AS budget,
    s.plan->'budget'->>'currency' AS currency,
    coalesce(c.spent, '{}') AS spent,
    s.planned_at,
    s.launched_at,
    CASE WHEN s.status = 'campaign.ended' THEN s.ended_at END AS ended_at,
    CASE WHEN s.status = 'campaign.ended' THEN nullif(s.ended->'reason', '{"forgotten": true}') #>> '{}' END AS end_reason
FROM state AS s
LEFT JOIN cost AS c
    ON c.stream_id = s.stream_id
