-- title: Customer lifetime value, simple
-- area: revenue
-- version: 1
-- question: What will a customer bring us until she leaves, if things stay as they were in the period?
-- unit: amount
-- formula: average revenue per customer x margin / churn rate; the average is (purchases - refunds) of the period / (customers at its start + new ones), the churn rate that of customer_churn_rate (start_base)
-- edge cases: a churn rate of 0 gives null, and so does a period without customers at its start; what subscriptions bring is not in it; with several currencies there is no single value, and each is reported apart; merged customers are one
-- of nothing: null
-- source: the usual definition
-- parameter margin: 1; from 0 to 1; what share of the revenue is left when its costs are paid
-- reads: customer_value

-- counted: who was active at the start, came or left in the period, and what was paid in it
SELECT
    *
FROM (
    SELECT
        customer_id,
        position,
        is_active AND happened_at < %(period_from)s AND (valid_to IS NULL OR valid_to >= %(period_from)s) AS at_start,
        is_new AND happened_at >= %(period_from)s AS is_new,
        has_left AND happened_at >= %(period_from)s AS has_left,
        currency,
        CASE WHEN happened_at >= %(period_from)s THEN amount END AS amount,
        group_key,
        group_label
    FROM customer_value
) AS told
WHERE at_start
    OR is_new
    OR has_left
    OR amount IS NOT NULL

-- figure
SELECT
    group_key,
    max(group_label) AS group_label,
    CASE WHEN count(currency) = 1 THEN max(value) END AS value,
    CASE WHEN count(currency) = 1 THEN max(revenue) END AS numerator,
    CASE WHEN count(currency) = 1 THEN max(customers) END AS denominator,
    max(customers)::bigint AS sample_size,
    0 AS excluded,
    jsonb_build_object(
        'churn_rate', max(churn_rate),
        'by_currency', coalesce(jsonb_object_agg(currency, jsonb_build_object(
            'value', value,
            'revenue', revenue,
            'average', average,
            'customers', customers
        )) FILTER (WHERE currency IS NOT NULL), '{}')
    ) AS details
FROM (
    SELECT
        *,
        round(average * %(margin)s / nullif(churn_rate, 0), 10) AS value
    FROM (
        SELECT
            g.group_key,
            g.group_label,
            g.customers,
            round(g.churned::numeric / nullif(g.base, 0), 10) AS churn_rate,
            paid.currency,
            paid.revenue,
            round(paid.revenue / nullif(g.customers, 0), 10) AS average
        FROM (
            SELECT
                group_key,
                max(group_label) AS group_label,
                count(*) FILTER (WHERE base OR gained) AS customers,
                count(*) FILTER (WHERE base) AS base,
                count(*) FILTER (WHERE churned) AS churned
            FROM (
                SELECT
                    group_key,
                    max(group_label) AS group_label,
                        bool_or(at_start) AS base,
                    bool_or(is_new) AS gained,
                    bool_or(has_left) AS churned
                FROM counted
                GROUP BY group_key, customer_id
            ) AS by_customer
            GROUP BY group_key
        ) AS g
        LEFT JOIN (
            SELECT
                group_key,
                currency,
                sum(amount) AS revenue
            FROM counted
            WHERE amount IS NOT NULL
            GROUP BY group_key, currency
        ) AS paid
            ON paid.group_key IS NOT DISTINCT FROM g.group_key
    ) AS rated
) AS valued
GROUP BY group_key
ORDER BY group_key
