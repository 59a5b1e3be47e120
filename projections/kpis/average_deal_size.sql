-- title: Average deal size
-- area: sales
-- version: 1
-- question: What is a won deal worth?
-- unit: amount
-- formula: sum of won amounts / number of won deals that have an amount, closed in the period; the median beside it
-- edge cases: deals won without an amount are excluded and counted; with several currencies there is no single value, and each is reported apart
-- of nothing: null
-- source: the usual sales definition
-- reads: lead_at

-- counted: the wins that fell into the period
SELECT
    lead_id,
    status_position AS position,
    amount,
    currency,
    group_key,
    group_label
FROM lead_at
WHERE status = 'won'
    AND status_since >= %(period_from)s
    AND status_since < %(period_to)s

-- figure
SELECT
    group_key,
    max(group_label) AS group_label,
    CASE WHEN count(currency) = 1 THEN round(max(total) / max(deals), 6) END AS value,
    CASE WHEN count(currency) = 1 THEN max(total) END AS numerator,
    sum(deals)::bigint AS denominator,
    sum(deals)::bigint AS sample_size,
    sum(without_amount)::bigint AS excluded,
    jsonb_build_object(
        'by_currency', coalesce(jsonb_object_agg(currency, jsonb_build_object(
            'mean', round(total / nullif(deals, 0), 6),
            'median', median,
            'sum', total,
            'deals', deals
        )) FILTER (WHERE currency IS NOT NULL), '{}')
    ) AS details
FROM (
    SELECT
        group_key,
        max(group_label) AS group_label,
        currency,
        sum(amount) AS total,
        count(amount) AS deals,
        count(*) - count(amount) AS without_amount,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY amount::double precision)::numeric AS median
    FROM counted
    GROUP BY group_key, currency
) AS priced
GROUP BY group_key
ORDER BY group_key
