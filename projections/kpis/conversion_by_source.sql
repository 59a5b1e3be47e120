-- title: Conversion by source
-- area: sales
-- version: 1
-- question: Of which sources and campaigns did we win which share of the leads?
-- unit: ratio
-- formula: leads captured in the period and won within within_days of 24 hours / leads captured in the period; of all, and for each source and campaign
-- edge cases: leads without a source, and those of a source without a campaign, are listed as such; disqualified leads are excluded and counted, merged ones count once; a lead that was reopened keeps its first capture, and is won by its last outcome at as_of; one that was won before its capture, as other systems tell it, was won in time; a lead whose days are not over at as_of is immature; none captured gives null
-- of nothing: null
-- source: the cohort form of lead_conversion_rate
-- reads: lead_conversion

-- counted: the leads captured in the period
SELECT
    *
FROM lead_conversion
WHERE is_captured

-- figure
SELECT
    group_key,
    max(group_label) AS group_label,
    round(sum(won) / nullif(sum(leads), 0), 10) AS value,
    sum(won)::bigint AS numerator,
    sum(leads)::bigint AS denominator,
    sum(leads)::bigint AS sample_size,
    sum(disqualified)::bigint AS excluded,
    jsonb_build_object(
        'by_source', jsonb_agg(jsonb_build_object(
            'source', source,
            'campaign_id', campaign_id,
            'campaign', campaign,
            'value', round(won::numeric / nullif(leads, 0), 10),
            'won', won,
            'leads', leads,
            'immature', immature,
            'disqualified', disqualified
        ) ORDER BY leads DESC, source, campaign_id)
    ) AS details
FROM (
    SELECT
        group_key,
        max(group_label) AS group_label,
        source,
        campaign_id,
        max(campaign) AS campaign,
        count(*) FILTER (WHERE status <> 'disqualified' AND is_converted) AS won,
        count(*) FILTER (WHERE status <> 'disqualified') AS leads,
        count(*) FILTER (WHERE status <> 'disqualified' AND is_immature) AS immature,
        count(*) FILTER (WHERE status = 'disqualified') AS disqualified
    FROM counted
    GROUP BY group_key, source, campaign_id
) AS by_source
GROUP BY group_key
ORDER BY group_key
