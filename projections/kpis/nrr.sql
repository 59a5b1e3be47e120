-- title: Net revenue retention
-- version: 1
-- question: How much do the customers of the start pay at the end?
-- unit: ratio
-- formula: sum of MRR at the end / sum of MRR at the start, of customers who paid at the start
-- edge cases: above 100 % when they pay more than before; customers who pay nothing at the start do not count, whatever they pay later; no MRR at the start gives null; with several currencies there is no single value, and each is reported apart; merged customers are one
-- of nothing: null
-- source: the usual subscription definition, by customer
-- reads: mrr_movement

-- counted: the movements, in the period and before, of customers who paid at its start
SELECT
    customer_id,
    position,
    currency,
    is_before,
    amount,
    group_key,
    group_label
FROM (
    SELECT
        *,
        effective_on < (%(period_from)s AT TIME ZONE %(zone)s)::date AS is_before,
        sum(amount) FILTER (
            WHERE effective_on < (%(period_from)s AT TIME ZONE %(zone)s)::date
        ) OVER (PARTITION BY customer_id, currency) AS opening
    FROM mrr_movement
) AS movement
WHERE opening > 0

-- figure
SELECT
    group_key,
    max(group_label) AS group_label,
    CASE WHEN count(*) = 1 THEN round(max(kept) / max(opening), 10) END AS value,
    CASE WHEN count(*) = 1 THEN max(kept) END AS numerator,
    CASE WHEN count(*) = 1 THEN max(opening) END AS denominator,
    sum(customers)::bigint AS sample_size,
    0 AS excluded,
    jsonb_build_object(
        'by_currency', jsonb_object_agg(currency, jsonb_build_object(
            'value', round(kept / opening, 10),
            'opening', opening,
            'kept', kept,
            'customers', customers
        ))
    ) AS details
FROM (
    SELECT
        group_key,
        max(group_label) AS group_label,
        currency,
        sum(opening) AS opening,
        sum(closing) AS kept,
        count(*) AS customers
    FROM (
        SELECT
            group_key,
            max(group_label) AS group_label,
            currency,
            customer_id,
            sum(amount) FILTER (WHERE is_before) AS opening,
            sum(amount) AS closing
        FROM counted
        GROUP BY group_key, currency, customer_id
    ) AS by_customer
    GROUP BY group_key, currency
) AS by_currency
GROUP BY group_key
ORDER BY group_key
