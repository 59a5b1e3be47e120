-- title: Cohort retention
-- area: customers
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
        group_key,
        group_label,
        cohort,
        (extract(YEAR FROM age(every.begins, cohort)) * 12 + extract(MONTH FROM age(every.begins, cohort)))::integer AS month,
        CASE WHEN every.begins = here.begins THEN active ELSE 0 END AS active,
        size,
        every.begins + INTERVAL '1 month' > watched_until AS immature
    FROM (
        SELECT
            group_key,
            max(group_label) AS group_label,
            cohort,
            begins,
            count(*) AS active,
            -- in the month in which they came, all of them were active
            first_value(count(*)) OVER cohort AS size,
            max(watched_until) AS watched_until,
            lead(begins) OVER cohort AS next_begins
        FROM (
            SELECT DISTINCT
                group_key,
                group_label,
                cohort,
                customer_id,
                begins,
                watched_until
            FROM counted
            CROSS JOIN LATERAL generate_series(first_month, last_month, INTERVAL '1 month') AS begins
        ) AS active
        GROUP BY group_key, cohort, begins
        WINDOW cohort AS (PARTITION BY group_key, cohort ORDER BY begins)
    ) AS here
    -- also the months in which nobody was
    CROSS JOIN LATERAL generate_series(
        here.begins,
        coalesce(next_begins, watched_until) - INTERVAL '1 microsecond',
        INTERVAL '1 month'
    ) AS every (begins)
) AS by_cell
GROUP BY group_key
ORDER BY group_key
