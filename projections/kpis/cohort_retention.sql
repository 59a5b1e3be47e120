-- title: Cohort retention
-- version: 1
-- question: Of the customers who came in a month, what share is active in each month after it?
-- unit: ratio
-- formula: customers of the cohort active in month k / customers of the cohort, where the cohort is the month of the first purchase or paid subscription; the value is that of the month after the first, over all cohorts for which that month is over
-- edge cases: active is who buys in the month, or pays for a subscription on any of its days; who comes back stays in her first cohort; the month in which the period or as_of ends is immature and not in the value; cohorts are those whose customers came in the period; no cohort with a month behind it gives null; merged customers are one, in the cohort of the first of them
-- of nothing: null
-- source: the usual cohort table
-- reads: customer_activity

-- counted: each time that customers who came in the period were active, with the months that it lasted for
SELECT
    *
FROM (
    SELECT
        customer_id,
        position,
        date_trunc('month', (min(first_day) OVER customer)::timestamp) AS cohort,
        date_trunc('month', first_day::timestamp) AS first_month,
        date_trunc('month', last_day::timestamp) AS last_month,
        min(first_day) OVER customer AS came_on,
        -- the first moment that is not watched any more, where the zone's clocks show it
        least(%(as_of)s, %(period_to)s) AT TIME ZONE %(zone)s AS watched_until,
        group_key,
        group_label
    FROM customer_activity
    WINDOW customer AS (PARTITION BY customer_id)
) AS activity
WHERE came_on >= (%(period_from)s AT TIME ZONE %(zone)s)::date

-- figure
SELECT
    group_key,
    max(group_label) AS group_label,
    round(
        sum(active) FILTER (WHERE month = 1 AND NOT immature)::numeric
        / nullif(sum(size) FILTER (WHERE month = 1 AND NOT immature), 0),
        10
    ) AS value,
    sum(active) FILTER (WHERE month = 1 AND NOT immature) AS numerator,
    sum(size) FILTER (WHERE month = 1 AND NOT immature) AS denominator,
    sum(size) FILTER (WHERE month = 0)::bigint AS sample_size,
    0 AS excluded,
    jsonb_build_object(
        'cells', jsonb_agg(jsonb_build_object(
            'cohort', to_char(cohort, 'YYYY-MM'),
            'month', month,
            'active', active,
            'size', size,
            'immature', immature
        ) ORDER BY cohort, month)
    ) AS details
FROM (
    SELECT
        cell.group_key,
        cell.group_label,
        cell.cohort,
        (extract(YEAR FROM age(cell.begins, cell.cohort)) * 12 + extract(MONTH FROM age(cell.begins, cell.cohort)))::integer AS month,
        coalesce(here.active, 0) AS active,
        cell.size,
        cell.begins + INTERVAL '1 month' > cell.watched_until AS immature
    FROM (
        SELECT
            group_key,
            max(group_label) AS group_label,
            cohort,
            count(DISTINCT customer_id) AS size,
            max(watched_until) AS watched_until,
            generate_series(cohort, max(watched_until) - INTERVAL '1 microsecond', INTERVAL '1 month') AS begins
        FROM counted
        GROUP BY group_key, cohort
    ) AS cell
    LEFT JOIN (
        SELECT
            group_key,
            cohort,
            month,
            count(DISTINCT customer_id) AS active
        FROM counted
        CROSS JOIN LATERAL generate_series(first_month, last_month, INTERVAL '1 month') AS month
        GROUP BY group_key, cohort, month
    ) AS here
        ON here.cohort = cell.cohort
        AND here.month = cell.begins
        AND here.group_key IS NOT DISTINCT FROM cell.group_key
) AS by_cell
GROUP BY group_key
ORDER BY group_key
