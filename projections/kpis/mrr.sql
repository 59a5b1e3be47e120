-- title: Monthly recurring revenue
-- area: revenue
-- version: 1
-- question: What do all subscriptions together bring a month?
-- unit: amount
-- formula: sum of all movements of MRR up to the end of the period, or up to as_of if that comes first
-- edge cases: a paused subscription brings nothing; an annual one brings a twelfth of its price; with several currencies there is no single value, and each is reported apart; the beginning of the period does not matter; merged customers are one
-- of nothing: 0
-- source: the usual subscription definition
-- judged: at a moment
-- reads: mrr_movement

-- counted: every movement up to then
SELECT
    customer_id,
    position,
    currency,
    amount,
    group_key,
    group_label
FROM mrr_movement

-- figure
SELECT
    group_key,
    max(group_label) AS group_label,
    CASE WHEN count(*) = 1 THEN max(total) END AS value,
    NULL::numeric AS numerator,
    NULL::numeric AS denominator,
    sum(customers)::bigint AS sample_size,
    0 AS excluded,
    jsonb_build_object(
        'by_currency', jsonb_object_agg(currency, jsonb_build_object('value', total, 'customers', customers))
    ) AS details
FROM (
    SELECT
        group_key,
        max(group_label) AS group_label,
        currency,
        sum(paid) AS total,
        count(*) AS customers
    FROM (
        SELECT
            group_key,
            max(group_label) AS group_label,
            currency,
            customer_id,
            sum(amount) AS paid
        FROM counted
        GROUP BY group_key, currency, customer_id
        HAVING sum(amount) <> 0
    ) AS by_customer
    GROUP BY group_key, currency
) AS by_currency
GROUP BY group_key
ORDER BY group_key
