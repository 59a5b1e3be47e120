-- title: Customer lifetime value to date
-- area: revenue
-- version: 1
-- question: What has a customer brought us so far?
-- unit: amount
-- formula: (purchases - refunds) / customers who bought
-- edge cases: up to the end of the period or as_of, and from its beginning on; a refund counts when it was made, also of an earlier purchase; a customer who only got money back counts; what subscriptions bring is in mrr; with several currencies there is no single value, and each is reported apart; merged customers are one, with the sum of all; nobody who bought gives null
-- of nothing: null
-- source: the usual definition
-- reads: payment

-- counted: the purchases and the refunds
SELECT
    customer_id,
    position,
    currency,
    amount,
    group_key,
    group_label
FROM payment
WHERE paid_at >= %(period_from)s

-- figure
SELECT
    group_key,
    max(group_label) AS group_label,
    CASE WHEN count(*) = 1 THEN max(mean) END AS value,
    CASE WHEN count(*) = 1 THEN max(total) END AS numerator,
    CASE WHEN count(*) = 1 THEN max(customers) END AS denominator,
    sum(customers)::bigint AS sample_size,
    0 AS excluded,
    jsonb_build_object(
        'by_currency', jsonb_object_agg(currency, jsonb_build_object(
            'mean', mean,
            'median', median,
            'sum', total,
            'customers', customers
        ))
    ) AS details
FROM (
    SELECT
        group_key,
        max(group_label) AS group_label,
        currency,
        count(*) AS customers,
        sum(amount) AS total,
        round(avg(amount), 10) AS mean,
        round(percentile_cont(0.5) WITHIN GROUP (ORDER BY amount)::numeric, 10) AS median
    FROM (
        SELECT
            group_key,
            max(group_label) AS group_label,
            currency,
            customer_id,
            sum(amount) AS amount
        FROM counted
        GROUP BY group_key, currency, customer_id
    ) AS by_customer
    GROUP BY group_key, currency
) AS by_currency
GROUP BY group_key
ORDER BY group_key
