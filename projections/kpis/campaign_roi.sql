-- title: Campaign ROI
-- version: 1
-- question: How much more than they cost did campaigns bring in?
-- unit: ratio
-- formula: (amounts of the deals won in the period that came from a campaign - what campaigns cost in the period) / what they cost
-- edge cases: attribution by first touch: a deal counts in full for the campaign with which its lead was captured, and for no other; money that came back lessens the cost; without a cost, or with less than none, there is no return; a reopened lead counts by its last outcome at as_of; deals won without an amount are excluded and counted; with several currencies there is no single value, and each is reported apart
-- of nothing: null
-- source: the usual marketing definition, by single-touch attribution
-- reads: campaign_money

-- counted: the costs and the wins of the period
SELECT
    campaign_id,
    position,
    what,
    amount,
    currency,
    group_key,
    group_label
FROM campaign_money
WHERE booked_at >= %(period_from)s
    AND booked_at < %(period_to)s

-- figure
SELECT
    group_key,
    max(group_label) AS group_label,
    CASE WHEN count(currency) = 1 THEN round((max(won) - max(spent)) / nullif(greatest(max(spent), 0), 0), 10) END AS value,
    CASE WHEN count(currency) = 1 THEN max(won) - max(spent) END AS numerator,
    CASE WHEN count(currency) = 1 THEN max(spent) END AS denominator,
    sum(wins)::bigint AS sample_size,
    sum(without_amount)::bigint AS excluded,
    jsonb_build_object(
        'attribution', 'first_touch',
        'by_currency', coalesce(jsonb_object_agg(currency, jsonb_build_object(
            'value', round((won - spent) / nullif(greatest(spent, 0), 0), 10),
            'won', won,
            'spent', spent,
            'deals', wins
        )) FILTER (WHERE currency IS NOT NULL), '{}')
    ) AS details
FROM (
    SELECT
        group_key,
        max(group_label) AS group_label,
        currency,
        coalesce(sum(amount) FILTER (WHERE what = 'won'), 0) AS won,
        coalesce(sum(amount) FILTER (WHERE what = 'spent'), 0) AS spent,
        count(amount) FILTER (WHERE what = 'won') AS wins,
        count(*) FILTER (WHERE what = 'won' AND amount IS NULL) AS without_amount
    FROM counted
    GROUP BY group_key, currency
) AS by_currency
GROUP BY group_key
ORDER BY group_key
