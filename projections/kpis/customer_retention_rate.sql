-- title: Customer retention rate
-- area: customers
-- version: 1
-- question: What share of the customers of the start is still there at the end?
-- unit: ratio
-- formula: customers at the start of the period who are active at its end / customers at its start
-- edge cases: who left and was won back is there; new customers do not count; with customer_churn_rate it comes to 100 % for the cohort definition only; archived and forgotten customers are not active; no customers at the start give null; merged customers are one
-- of nothing: null
-- source: the usual definition
-- reads: customer_life

-- counted: who was active at the start, and who of them at the end
SELECT
    *
FROM (
    SELECT
        *,
        bool_or(is_start) OVER (PARTITION BY customer_id) AS at_start
    FROM (
        SELECT
            customer_id,
            position,
            is_active
                AND valid_from < %(period_from)s
                AND (valid_to IS NULL OR valid_to >= %(period_from)s) AS is_start,
            is_active AND (valid_to IS NULL OR valid_to >= %(period_to)s) AS at_end,
            group_key,
            group_label
        FROM customer_life
    ) AS life
) AS life
WHERE at_start
    AND (is_start OR at_end)

-- figure
SELECT
    group_key,
    max(group_label) AS group_label,
    round(sum(kept)::numeric / nullif(count(*), 0), 10) AS value,
    sum(kept) AS numerator,
    count(*) AS denominator,
    count(*) AS sample_size,
    0 AS excluded,
    '{}'::jsonb AS details
FROM (
    SELECT
        group_key,
        max(group_label) AS group_label,
        bool_or(at_end)::integer AS kept
    FROM counted
    GROUP BY group_key, customer_id
) AS by_customer
GROUP BY group_key
ORDER BY group_key
