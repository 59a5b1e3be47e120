-- title: Net new MRR
-- area: revenue
-- version: 1
-- question: By how much did monthly recurring revenue grow, and by what?
-- unit: amount
-- formula: new + expansion + reactivation + contraction + churn of the period, where losses are negative; closing = opening + all of them
-- edge cases: one of several subscriptions that ends is a contraction; a pause of the last one is churn, and going on is reactivation; an annual one brings a twelfth of its price; with several currencies there is no single value, and each is reported apart; merged customers are one
-- of nothing: 0
-- source: the usual subscription definition
-- reads: mrr_movement

-- counted: the movements of the period, and those before it, which opening is the sum of
SELECT
    customer_id,
    position,
    currency,
    CASE WHEN is_before THEN 'opening' ELSE kind END AS kind,
    amount,
    group_key,
    group_label
FROM mrr_movement

-- figure
SELECT
    group_key,
    max(group_label) AS group_label,
    CASE WHEN count(*) = 1 THEN max(closing - opening) END AS value,
    NULL::numeric AS numerator,
    NULL::numeric AS denominator,
    sum(customers)::bigint AS sample_size,
    0 AS excluded,
    jsonb_build_object(
        'by_currency', jsonb_object_agg(currency, jsonb_build_object(
            'value', closing - opening,
            'opening', opening,
            'new', gained,
            'expansion', expansion,
            'contraction', contraction,
            'churn', churn,
            'reactivation', reactivation,
            'closing', closing,
            'customers', customers
        ))
    ) AS details
FROM (
    SELECT
        group_key,
        max(group_label) AS group_label,
        currency,
        coalesce(sum(amount) FILTER (WHERE kind = 'opening'), 0) AS opening,
        coalesce(sum(amount) FILTER (WHERE kind = 'new'), 0) AS gained,
        coalesce(sum(amount) FILTER (WHERE kind = 'expansion'), 0) AS expansion,
        coalesce(sum(amount) FILTER (WHERE kind = 'contraction'), 0) AS contraction,
        coalesce(sum(amount) FILTER (WHERE kind = 'churn'), 0) AS churn,
        coalesce(sum(amount) FILTER (WHERE kind = 'reactivation'), 0) AS reactivation,
        sum(amount) AS closing,
        count(DISTINCT customer_id) FILTER (WHERE kind <> 'opening') AS customers
    FROM counted
    GROUP BY group_key, currency
) AS by_currency
GROUP BY group_key
ORDER BY group_key
