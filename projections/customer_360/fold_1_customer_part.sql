-- What was a customer asked, promised and sold?
-- key: part_id AS part_id
-- types: *.interaction_logged *.interaction_corrected *.interaction_retracted *.follow_up_* customer.purchase_* customer.subscription_*

-- One row per interaction, follow-up, purchase and subscription that stands.
WITH told AS (
    SELECT
        part_id,
        stream_id AS record_id,
        root_customer_id,
        position,
        type,
        data,
        occurred_at,
        CASE
            WHEN data ? 'interaction_id' THEN 'interaction'
            WHEN data ? 'task_id' THEN 'follow_up'
            WHEN data ? 'purchase_id' THEN 'purchase'
            ELSE 'subscription'
        END AS kind
    FROM history
), part AS (
    SELECT
        part_id,
        record_id,
        root_customer_id AS customer_id,
        kind,
        min(occurred_at) FILTER (WHERE type NOT LIKE '%\_corrected') AS began_at,
        min(occurred_at) AS first_at,
        (array_agg(data->>'due_at' ORDER BY position DESC) FILTER (WHERE data ? 'due_at'))[1]::timestamptz AS due_at,
        bool_or(type LIKE '%.follow\_up\_completed' OR type LIKE '%.follow\_up\_cancelled') AS is_done,
        (array_agg(data->'total' ORDER BY position DESC) FILTER (WHERE type = 'customer.purchase_recorded'))[1] AS total,
        jsonb_agg(data->'amount' ORDER BY position) FILTER (WHERE type = 'customer.purchase_refunded') AS refunds,
        (array_agg(data->'mrr' ORDER BY position DESC) FILTER (WHERE type IN (
            'customer.subscription_started', 'customer.subscription_upgraded', 'customer.subscription_downgraded'
        )))[1] AS mrr,
        (array_agg(type ORDER BY position DESC) FILTER (WHERE type IN (
            'customer.subscription_started', 'customer.subscription_paused',
            'customer.subscription_resumed', 'customer.subscription_cancelled'
        )))[1] AS subscription_turn
    FROM told
    GROUP BY part_id, record_id, root_customer_id, kind
    -- what was taken back never was
    HAVING NOT bool_or(type LIKE '%\_retracted')
)
SELECT
    part_id,
    record_id,
    customer_id,
    kind,
    coalesce(began_at, first_at) AS began_at,
    CASE kind
        WHEN 'follow_up' THEN NOT is_done
        WHEN 'subscription' THEN coalesce(subscription_turn, 'customer.subscription_started') <> 'customer.subscription_cancelled'
    END AS is_open,
    due_at,
    CASE kind
        WHEN 'purchase' THEN (total->>'amount')::numeric - coalesce(refunded.amount, 0)
        -- one that rests brings nothing
        WHEN 'subscription' THEN CASE
            WHEN subscription_turn IN ('customer.subscription_started', 'customer.subscription_resumed') THEN (mrr->>'amount')::numeric
            ELSE 0
        END
    END AS amount,
    coalesce(total, mrr)->>'currency' AS currency
FROM part
LEFT JOIN LATERAL (
    SELECT sum((refund->>'amount')::numeric) AS amount
    FROM jsonb_array_elements(part.refunds) AS refund
    WHERE refund->>'currency' = part.total->>'currency'
) AS refunded
    ON part.refunds IS NOT NULL
