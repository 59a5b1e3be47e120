-- title: Survival curve
-- area: customers
-- version: 1
-- question: After how many months are how many customers still there?
-- unit: months
-- formula: S(t) = product over months u up to t of (1 - customers who left in month u / customers watched into it), Kaplan-Meier; the value is the first month after which no more than half are there
-- edge cases: of customers who came in the period, followed to its end or as_of; months are those completed since the day she came; who is still there, or was archived or forgotten, is counted as long as she was watched (right-censored); of one month, those who left count before those who are watched no longer; who came back has left nevertheless; null while more than half are there; merged customers are one
-- of nothing: null
-- source: Kaplan and Meier (1958), with Greenwood's variance on the log(-log) scale for bounds of 95 %; null where the variance tells of none
-- reads: customer_life

-- counted: where customers of the period came, each with the months for which she was watched, and where she left
SELECT
    customer_id,
    position,
    is_new,
    has_left,
    (extract(YEAR FROM watched) * 12 + extract(MONTH FROM watched))::integer AS month,
    group_key,
    group_label
FROM (
    SELECT
        customer_id,
        position,
        is_new,
        left_at = gone_at AS has_left,
        -- she was watched until she was no longer active, or to the end
        age(
            (least(gone_at, %(as_of)s, %(period_to)s) AT TIME ZONE %(zone)s)::date,
            (came_at AT TIME ZONE %(zone)s)::date
        ) AS watched,
        group_key,
        group_label
    FROM (
        SELECT
            *,
            min(valid_from) FILTER (WHERE is_new) OVER customer AS came_at,
            min(valid_from) FILTER (WHERE is_end) OVER customer AS gone_at,
            min(valid_from) FILTER (WHERE has_left) OVER customer AS left_at
        FROM customer_life
        WINDOW customer AS (PARTITION BY customer_id)
    ) AS life
    WHERE came_at >= %(period_from)s
        AND (is_new OR (has_left AND valid_from = gone_at))
) AS customer

-- figure
SELECT
    group_key,
    max(group_label) AS group_label,
    min(month) FILTER (WHERE survival <= 0.5) AS value,
    sum(churned) AS numerator,
    max(at_risk) AS denominator,
    max(at_risk)::bigint AS sample_size,
    0 AS excluded,
    jsonb_build_object(
        'customers', max(at_risk),
        'churned', sum(churned),
        'curve', jsonb_agg(jsonb_build_object(
            'month', month,
            'at_risk', at_risk,
            'churned', churned,
            'survival', survival,
            'low', round(power(survival, exp(spread)), 10),
            'high', round(power(survival, exp(-spread)), 10)
        ) ORDER BY month)
    ) AS details
FROM (
    SELECT
        *,
        CASE
            WHEN survival > 0 AND survival < 1 THEN 1.959963984540054 * sqrt(variance) / abs(ln(survival))
        END AS spread
    FROM (
        SELECT
            *,
            CASE
                WHEN bool_or(churned = at_risk) OVER so_far THEN 0
                ELSE round(exp(sum(ln((at_risk - churned) / at_risk)) FILTER (WHERE churned < at_risk) OVER so_far), 10)
            END AS survival,
            sum(churned / (at_risk * nullif(at_risk - churned, 0))) OVER so_far AS variance
        FROM (
            SELECT
                group_key,
                group_label,
                every.month,
                CASE WHEN every.month = told.month THEN churned ELSE 0 END AS churned,
                at_risk
            FROM (
                SELECT
                    group_key,
                    max(group_label) AS group_label,
                    month,
                    lag(month) OVER (PARTITION BY group_key ORDER BY month) AS month_before,
                    count(*) FILTER (WHERE has_left)::numeric AS churned,
                    sum(count(*)) OVER (PARTITION BY group_key ORDER BY month DESC) AS at_risk
                FROM counted
                WHERE is_new
                GROUP BY group_key, month
            ) AS told
            -- also the months in which nobody was lost sight of
            CROSS JOIN LATERAL generate_series(coalesce(month_before + 1, 0), told.month) AS every (month)
        ) AS watched
        WINDOW so_far AS (PARTITION BY group_key ORDER BY month)
    ) AS surviving
) AS bounded
GROUP BY group_key
ORDER BY group_key
