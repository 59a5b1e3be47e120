-- question: What did customers buy, and what did they get back of it?
-- key: part_id AS purchase_id
-- types: customer.purchase_recorded customer.purchase_refunded customer.purchase_retracted

-- A purchase has one row. Imported refunds may lack their purchase or be in another currency than it: they have a row of
-- their own, without a total, so that the sum of net is what came in, in every currency.
WITH told AS (
    SELECT
        root_customer_id,
        stream_id,
        part_id,
        position,
        occurred_at,
        data,
        personal,
        type = 'customer.purchase_recorded' AS is_record,
        type = 'customer.purchase_refunded' AS is_refund,
        coalesce(data->'total', data->'amount')->>'currency' AS currency,
        (coalesce(data->'total', data->'amount')->>'amount')::numeric AS amount,
        -- recorded twice, the later record counts; retracted, none does, whatever is recorded later
        max(position) FILTER (WHERE type = 'customer.purchase_recorded') OVER purchase AS last_record,
        bool_or(type = 'customer.purchase_retracted') OVER purchase AS is_retracted
    FROM history
    WINDOW purchase AS (PARTITION BY stream_id, part_id)
)
SELECT
    part_id AS purchase_id,
    stream_id,
    root_customer_id AS customer_id,
    currency,
    max(occurred_at) FILTER (WHERE is_record) AS purchased_at,
    sum(amount) FILTER (WHERE is_record) AS total,
    coalesce(sum(amount) FILTER (WHERE is_refund), 0) AS refunded,
    sum(CASE WHEN is_refund THEN -amount ELSE amount END) AS net,
    max(occurred_at) FILTER (WHERE is_refund) AS refunded_at,
    -- each refund, in the order in which they were recorded: what it was, when, and where the log says so
    coalesce(array_agg(amount ORDER BY position) FILTER (WHERE is_refund), '{}') AS refund_amounts,
    coalesce(array_agg(occurred_at ORDER BY position) FILTER (WHERE is_refund), '{}') AS refund_moments,
    coalesce(array_agg(position ORDER BY position) FILTER (WHERE is_refund), '{}') AS refund_positions,
    coalesce((array_agg(data->'lines' ORDER BY position DESC) FILTER (WHERE is_record))[1], '[]') AS lines,
    max(nullif(personal->'external_id', '{"forgotten": true}') #>> '{}') FILTER (WHERE is_record) AS external_id,
    max(position) FILTER (WHERE is_record) AS record_position,
    max(position) AS position
FROM told
WHERE NOT is_retracted
    AND (is_refund OR position = last_record)
GROUP BY root_customer_id, stream_id, part_id, currency
