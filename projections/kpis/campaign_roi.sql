-- title: Return on campaigns
-- area: campaigns
-- version: 1
-- question: How much did campaigns bring beyond what they cost?
-- unit: ratio
-- formula: (won - spent) / spent: won is the value of the deals won in the period that the rule named by attribution gives to a campaign; spent is what campaigns cost in the period, money that came back taken off
-- edge cases: where nothing was spent there is no return; deals without a campaign do not count; deals won without an amount are excluded and counted; a reopened deal counts by its last outcome at as_of; with several currencies there is no single value, and each is reported apart; costs count when they were made and deals when they were won, so a short period may hold the one without the other; merged leads count once
-- of nothing: null
-- source: return on investment as marketing departments report it
-- reads: campaign_money_at

-- counted: the costs of the period and the deals won in it through campaigns
SELECT
    campaign_id,
    position,
    kind,
    amount,
    currency,
    group_key,
    group_label
FROM campaign_money_at

-- figure
SELECT
    group_key,
    max(group_label) AS group_label,
    CASE WHEN count(currency) = 1 THEN round((max(won) - max(spent)) / nullif(max(spent), 0), 10) END AS value,
    CASE WHEN count(currency) = 1 THEN max(won) - max(spent) END AS numerator,
    CASE WHEN count(currency) = 1 THEN max(spent) END AS denominator,
    sum(deals)::bigint AS sample_size,
    sum(without_amount)::bigint AS excluded,
    jsonb_build_object(
        'by_currency', coalesce(jsonb_object_agg(currency, jsonb_build_object(
            'value', round((won - spent) / nullif(spent, 0), 10),
            'won', won,
            'spent', spent,
            'deals', deals
        )) FILTER (WHERE currency IS NOT NULL), '{}')
    ) AS details
FROM (
    SELECT
        group_key,
        max(group_label) AS group_label,
        currency,
        coalesce(sum(amount) FILTER (WHERE kind = 'won'), 0) AS won,
        coalesce(sum(amount) FILTER (WHERE kind = 'spent'), 0) AS spent,
        count(amount) FILTER (WHERE kind = 'won') AS deals,
        count(*) FILTER (WHERE amount IS NULL) AS without_amount
    FROM counted
    GROUP BY group_key, currency
) AS by_currency
GROUP BY group_key
ORDER BY group_key
