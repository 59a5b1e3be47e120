-- title: Lead conversion rate
-- area: sales
-- version: 1
-- question: What share of the leads that came in did we win?
-- unit: ratio
-- definitions: cohort period
-- formula: cohort: leads captured in the period and won within within_days of 24 hours / leads captured in the period; period: leads won in the period, whenever they were captured / leads captured in it
-- edge cases: disqualified leads are excluded and counted, merged ones count once; a lead that was reopened keeps its first capture, and is won by its last outcome at as_of; one that was won before its capture, as other systems tell it, was won in time; a lead whose days are not over at as_of is immature, and a cohort is mature when no lead of it could still be; none captured gives null
-- of nothing: null
-- source: the two definitions that are in use, side by side
-- reads: lead_conversion

-- counted: the leads captured in the period, and those won in it
SELECT
    *
FROM lead_conversion

-- figure
SELECT
    group_key,
    max(group_label) AS group_label,
    round(count(*) FILTER (WHERE is_cohort AND is_converted)::numeric / nullif(count(*) FILTER (WHERE is_cohort), 0), 10) AS value,
    count(*) FILTER (WHERE is_cohort AND is_converted) AS numerator,
    count(*) FILTER (WHERE is_cohort) AS denominator,
    count(*) FILTER (WHERE is_cohort) AS sample_size,
    count(*) FILTER (WHERE is_captured AND NOT is_cohort) AS excluded,
    jsonb_build_object(
        'cohort', jsonb_build_object(
            'value', round(count(*) FILTER (WHERE is_cohort AND is_converted)::numeric / nullif(count(*) FILTER (WHERE is_cohort), 0), 10),
            'numerator', count(*) FILTER (WHERE is_cohort AND is_converted),
            'denominator', count(*) FILTER (WHERE is_cohort)
        ),
        'period', jsonb_build_object(
            'value', round(count(*) FILTER (WHERE is_won)::numeric / nullif(count(*) FILTER (WHERE is_cohort), 0), 10),
            'numerator', count(*) FILTER (WHERE is_won),
            'denominator', count(*) FILTER (WHERE is_cohort)
        ),
        'immature', count(*) FILTER (WHERE is_cohort AND is_immature),
        'is_mature', %(period_to)s + %(within_days)s * interval '1 day' <= %(as_of)s
    ) AS details
FROM (
    SELECT
        *,
        is_captured AND status <> 'disqualified' AS is_cohort
    FROM counted
) AS told
GROUP BY group_key
ORDER BY group_key
