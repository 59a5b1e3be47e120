-- title: Pipeline as of a moment
-- area: sales
-- version: 1
-- question: How many leads were open, won and lost at a moment, and for how much?
-- unit: leads
-- formula: the leads in each status in force at as_of, with the amounts in force then; the value is the number of open ones
-- edge cases: a lead won exactly at as_of is won; the period does not matter; amounts of several currencies are reported apart
-- of nothing: 0
-- source: the state at a moment, folded from what had happened by then
-- judged: at a moment
-- reads: lead_at

-- counted: every lead that there was, with the last change by then
SELECT
    lead_id,
    position,
    status,
    amount,
    currency,
    group_key,
    group_label
FROM lead_at
WHERE status IS NOT NULL

-- figure
SELECT
    group_key,
    max(group_label) AS group_label,
    coalesce(sum(leads) FILTER (WHERE status = 'open'), 0)::bigint AS value,
    NULL::numeric AS numerator,
    NULL::numeric AS denominator,
    sum(leads)::bigint AS sample_size,
    0 AS excluded,
    jsonb_object_agg(status, jsonb_build_object('leads', leads, 'value', amounts)) AS details
FROM (
    SELECT
        group_key,
        max(group_label) AS group_label,
        status,
        sum(leads) AS leads,
        coalesce(jsonb_object_agg(currency, total) FILTER (WHERE currency IS NOT NULL), '{}') AS amounts
    FROM (
        SELECT
            group_key,
            max(group_label) AS group_label,
            status,
            currency,
            count(*) AS leads,
            sum(amount) AS total
        FROM counted
        GROUP BY group_key, status, currency
    ) AS priced
    GROUP BY group_key, status
) AS by_status
GROUP BY group_key
ORDER BY group_key
