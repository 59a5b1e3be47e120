-- title: Customer churn rate
-- area: customers
-- version: 1
-- question: What share of the customers left us?
-- unit: ratio
-- better: low
-- formula: start_base: churned in the period / customers at its start; stripe beside it: churned / (customers at the start + new ones); cohort: customers at the start who are not active at the end / customers at the start
-- edge cases: the value is that of start_base, and all three are reported; who left twice counts once, and who left and was won back churned but for the cohort; new customers who leave are in the first two; archived and forgotten customers are not active; no customers at the start give null; merged customers are one
-- of nothing: null
-- definitions: start_base stripe cohort
-- source: the three definitions that are in use, side by side
-- reads: customer_life

-- counted: who was active at the start, became a customer in the period, left in it, or was active at its end
SELECT
    *
FROM (
    SELECT
        customer_id,
        position,
        churn_kind,
        is_active
            AND valid_from < %(period_from)s
            AND (valid_to IS NULL OR valid_to >= %(period_from)s) AS at_start,
        is_new AND valid_from >= %(period_from)s AS is_new,
        has_left AND valid_from >= %(period_from)s AS has_left,
        is_active AND (valid_to IS NULL OR valid_to >= %(period_to)s) AS at_end,
        group_key,
        group_label
    FROM customer_life
) AS life
WHERE at_start
    OR is_new
    OR has_left
    OR at_end

-- figure
SELECT
    group_key,
    max(group_label) AS group_label,
    round(sum(churned)::numeric / nullif(sum(base), 0), 10) AS value,
    sum(churned) AS numerator,
    sum(base) AS denominator,
    sum(base + gained)::bigint AS sample_size,
    0 AS excluded,
    jsonb_build_object(
        'start_base', jsonb_build_object(
            'value', round(sum(churned)::numeric / nullif(sum(base), 0), 10),
            'numerator', sum(churned),
            'denominator', sum(base)
        ),
        'stripe', jsonb_build_object(
            'value', round(sum(churned)::numeric / nullif(sum(base + gained), 0), 10),
            'numerator', sum(churned),
            'denominator', sum(base + gained)
        ),
        'cohort', jsonb_build_object(
            'value', round(sum(gone)::numeric / nullif(sum(base), 0), 10),
            'numerator', sum(gone),
            'denominator', sum(base)
        ),
        'contractual', count(*) FILTER (WHERE kind = 'contractual'),
        'silence', count(*) FILTER (WHERE kind = 'silence'),
        'said', count(*) FILTER (WHERE kind = 'said')
    ) AS details
FROM (
    SELECT
        group_key,
        max(group_label) AS group_label,
        bool_or(at_start)::integer AS base,
        bool_or(is_new)::integer AS gained,
        bool_or(has_left)::integer AS churned,
        (bool_or(at_start) AND NOT bool_or(at_end))::integer AS gone,
        (array_agg(churn_kind ORDER BY position DESC) FILTER (WHERE has_left))[1] AS kind
    FROM counted
    GROUP BY group_key, customer_id
) AS by_customer
GROUP BY group_key
ORDER BY group_key
