-- title: New customers
-- area: customers
-- version: 1
-- question: How many customers bought from us for the first time?
-- unit: customers
-- formula: customers who became active for the first time in the period
-- edge cases: who was won back is not new; who left again within the period is; merged customers are one, new when the first of them was
-- of nothing: 0
-- source: the usual definition
-- reads: customer_life

-- counted: where customers became active for the first time
SELECT
    customer_id,
    position,
    group_key,
    group_label
FROM customer_life
WHERE is_new
    AND valid_from >= %(period_from)s

-- figure
SELECT
    group_key,
    max(group_label) AS group_label,
    count(*) AS value,
    NULL::numeric AS numerator,
    NULL::numeric AS denominator,
    count(*) AS sample_size,
    0 AS excluded,
    '{}'::jsonb AS details
FROM counted
GROUP BY group_key
ORDER BY group_key
