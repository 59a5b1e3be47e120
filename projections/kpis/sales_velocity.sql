-- title: Sales velocity
-- area: sales
-- version: 1
-- question: How much do our sales bring a day?
-- unit: amount per day
-- formula: qualified open leads × average deal size × win rate / sales cycle in days; open are those of the end of the period, or of as_of if that comes first, the other three are the figures of these names, of the deals closed in the period
-- edge cases: a lead is qualified when somebody said so and nobody disqualified or recycled it since; all four are of the same group and period; without a win that has an amount, without a deal closed, or with a cycle of no time there is no velocity; with several currencies there is no single value, and each is reported apart, from its own four
-- of nothing: null
-- source: the usual sales definition, the four levers
-- reads: lead_then

-- counted: who was open and qualified at the end, and the outcomes that fell into the period
SELECT
    lead_id,
    CASE WHEN is_end THEN position ELSE status_position END AS position,
    status,
    amount,
    currency,
    extract(epoch FROM status_since - captured_at) / 86400 AS days,
    group_key,
    group_label
FROM lead_then
WHERE CASE
    WHEN is_end THEN status = 'open' AND is_qualified
    ELSE status IN ('won', 'lost') AND status_since >= %(period_from)s AND status_since < %(period_to)s
END

-- figure
SELECT
    group_key,
    max(group_label) FILTER (WHERE is_whole) AS group_label,
    CASE WHEN count(*) FILTER (WHERE deals > 0 AND NOT is_whole) = 1 THEN max(velocity) FILTER (WHERE is_whole) END AS value,
    NULL::numeric AS numerator,
    NULL::numeric AS denominator,
    (max(open_leads + closed) FILTER (WHERE is_whole))::bigint AS sample_size,
    (max(won - deals) FILTER (WHERE is_whole))::bigint AS excluded,
    jsonb_build_object(
        'qualified_open', max(open_leads) FILTER (WHERE is_whole),
        'average_deal_size', CASE WHEN count(*) FILTER (WHERE deals > 0 AND NOT is_whole) = 1 THEN max(size) END,
        'win_rate', max(rate) FILTER (WHERE is_whole),
        'sales_cycle', max(cycle) FILTER (WHERE is_whole),
        'by_currency', coalesce(jsonb_object_agg(currency, jsonb_build_object(
            'value', velocity,
            'deals', deals,
            'qualified_open', open_leads,
            'average_deal_size', size,
            'win_rate', rate,
            'sales_cycle', cycle
        )) FILTER (WHERE NOT is_whole AND currency IS NOT NULL), '{}')
    ) AS details
FROM (
    SELECT
        *,
        round(open_leads * (total / nullif(deals, 0)) * (won::numeric / nullif(closed, 0)) / nullif(took / nullif(timed, 0), 0), 6) AS velocity,
        round(total / nullif(deals, 0), 6) AS size,
        round(won::numeric / nullif(closed, 0), 10) AS rate,
        round(took / nullif(timed, 0), 6) AS cycle
    FROM (
        SELECT
            group_key,
            max(group_label) AS group_label,
            currency,
            grouping(currency) = 1 AS is_whole,
            count(*) FILTER (WHERE status = 'open') AS open_leads,
            count(*) FILTER (WHERE status = 'won') AS won,
            count(*) FILTER (WHERE status IN ('won', 'lost')) AS closed,
            count(amount) FILTER (WHERE status = 'won') AS deals,
            sum(amount) FILTER (WHERE status = 'won') AS total,
            sum(days) FILTER (WHERE status IN ('won', 'lost') AND days >= 0) AS took,
            count(*) FILTER (WHERE status IN ('won', 'lost') AND days >= 0) AS timed
        FROM counted
        GROUP BY GROUPING SETS ((group_key, currency), (group_key))
    ) AS sums
) AS levers
GROUP BY group_key
ORDER BY group_key
