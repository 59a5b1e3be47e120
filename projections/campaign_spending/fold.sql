-- question: What did a campaign cost when?
-- key: stream_id AS campaign_id
-- types: campaign.budget_spent

SELECT
    position,
    stream_id AS campaign_id,
    customer_id,
    part_id AS spending_id,
    (data->'spent'->>'amount')::numeric AS amount,
    data->'spent'->>'currency' AS currency,
    nullif(personal->'what', '{"forgotten": true}') #>> '{}' AS what,
    occurred_at AS spent_at
FROM history
