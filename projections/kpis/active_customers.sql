-- title: Active customers
-- area: customers
-- version: 1
-- question: How many customers are there?
-- unit: customers
-- formula: customers who are active, at risk or won back at the end of the period, or at as_of if that comes first
-- edge cases: prospects, archived and forgotten customers do not count; the end of the period is not in it, a customer from exactly as_of on is; the beginning of the period does not matter; merged customers are one
-- of nothing: 0
-- source: the state at a moment, folded from what had happened by then
-- judged: at a moment
-- reads: customer_life

-- counted: what each customer was then, if it was active
SELECT
    customer_id,
    position,
    status,
    group_key,
    group_label
FROM customer_life
WHERE is_active
    AND (valid_to IS NULL OR valid_to >= %(period_to)s)

-- figure
SELECT
    group_key,
    max(group_label) AS group_label,
    count(*) AS value,
    NULL::numeric AS numerator,
    NULL::numeric AS denominator,
    count(*) AS sample_size,
    0 AS excluded,
    jsonb_build_object(
        'active', count(*) FILTER (WHERE status = 'active'),
        'at_risk', count(*) FILTER (WHERE status = 'at_risk'),
        'won_back', count(*) FILTER (WHERE status = 'won_back')
    ) AS details
FROM counted
GROUP BY group_key
ORDER BY group_key
