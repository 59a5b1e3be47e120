-- question: What was a currency worth in another on which day?
-- key: stream_id AS customer_id
-- types: workspace.exchange_rate_published

-- a rate holds from its day until, not including, the day of the next one
WITH rate AS (
    SELECT DISTINCT ON (data->'exchange_rate'->>'from_currency', data->'exchange_rate'->>'to_currency', data->'exchange_rate'->>'valid_on')
        customer_id,
        data->'exchange_rate'->>'from_currency' AS from_currency,
        data->'exchange_rate'->>'to_currency' AS to_currency,
        (data->'exchange_rate'->>'valid_on')::date AS valid_from,
        (data->'exchange_rate'->>'rate')::numeric AS rate,
        occurred_at AS published_at
    FROM history
    -- of two for one day the later published one holds
    ORDER BY
        data->'exchange_rate'->>'from_currency',
        data->'exchange_rate'->>'to_currency',
        data->'exchange_rate'->>'valid_on',
        position DESC
)
SELECT
    customer_id,
    from_currency,
    to_currency,
    valid_from,
    lead(valid_from) OVER (PARTITION BY from_currency, to_currency ORDER BY valid_from) AS valid_to,
    rate,
    published_at
FROM rate
