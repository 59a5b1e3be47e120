-- title: Gross MRR churn
-- version: 1
-- question: What share of monthly recurring revenue was lost?
-- unit: ratio
-- formula: (churn + contraction) of the period / MRR at its start
-- edge cases: no MRR at the start gives null; what new customers lose within the period counts too; with several currencies there is no single value, and each is reported apart; merged customers are one
-- of nothing: null
-- source: the usual subscription definition
-- reads: mrr_movement

-- counted: the movements of the period, and those before it, which opening is the sum of
SELECT
    customer_id,
    position,
    currency,
    CASE WHEN effective_on < (%(period_from)s AT TIME ZONE %(zone)s)::date THEN 'opening' ELSE kind END AS kind,
    amount,
    group_key,
    group_label
FROM mrr_movement

-- figure
SELECT
    group_key,
    max(group_label) AS group_label,
    CASE WHEN count(*) = 1 THEN round(max(lost) / nullif(max(opening), 0), 10) END AS value,
    CASE WHEN count(*) = 1 THEN max(lost) END AS numerator,
    CASE WHEN count(*) = 1 THEN max(opening) END AS denominator,
    sum(customers)::bigint AS sample_size,
    0 AS excluded,
    jsonb_build_object(
        'by_currency', jsonb_object_agg(currency, jsonb_build_object(
            'value', round(lost / nullif(opening, 0), 10),
            'opening', opening,
            'lost', lost,
            'customers', customers
        ))
    ) AS details
FROM (
    SELECT
        group_key,
        max(group_label) AS group_label,
        currency,
        coalesce(sum(opening), 0) AS opening,
        coalesce(sum(lost), 0) AS lost,
        count(*) FILTER (WHERE opening > 0) AS customers
    FROM (
        SELECT
            group_key,
            max(group_label) AS group_label,
            currency,
            customer_id,
            sum(amount) FILTER (WHERE kind = 'opening') AS opening,
            -sum(amount) FILTER (WHERE kind IN ('churn', 'contraction')) AS lost
        FROM counted
        GROUP BY group_key, currency, customer_id
    ) AS by_customer
    GROUP BY group_key, currency
) AS by_currency
GROUP BY group_key
ORDER BY group_key
