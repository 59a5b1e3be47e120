-- title: Time in stage
-- area: sales
-- version: 1
-- question: How many days do leads spend in each stage?
-- unit: days
-- better: low
-- formula: the median of the days that a lead was open in a stage, all its times there together, of the stays that were over in the period; each stage apart, with mean, median, 90th percentile and count
-- edge cases: who comes back to a stage or is reopened in it adds to the same stay, which then ends in another period; time after the outcome does not count; leads that are in the stage at as_of have no length yet and are counted as open, if they came before the end of the period; a stage in which a lead was for no time it was not in
-- of nothing: null
-- source: the usual sales definition, by lead and stage
-- reads: lead_stay

-- counted: the stays that were over in the period, and those under way, by the events that began them
SELECT
    lead_id,
    position,
    pipeline,
    stage,
    place,
    days,
    left_at IS NULL AS is_open,
    group_key,
    group_label
FROM lead_stay
WHERE (left_at >= %(period_from)s AND left_at < %(period_to)s)
    OR (left_at IS NULL AND entered_at < %(period_to)s)

-- figure
SELECT
    group_key,
    max(group_label) AS group_label,
    round(max(median) FILTER (WHERE is_whole)::numeric, 6) AS value,
    NULL::numeric AS numerator,
    NULL::numeric AS denominator,
    (max(stays) FILTER (WHERE is_whole))::bigint AS sample_size,
    0 AS excluded,
    jsonb_build_object(
        'open', max(open_stays) FILTER (WHERE is_whole),
        'stages', jsonb_agg(jsonb_build_object(
            'pipeline', pipeline,
            'stage', stage,
            'mean', mean,
            'median', median,
            'p90', p90,
            'count', stays,
            'open', open_stays
        ) ORDER BY pipeline, place, stage) FILTER (WHERE NOT is_whole)
    ) AS details
FROM (
    SELECT
        group_key,
        max(group_label) AS group_label,
        pipeline,
        place,
        stage,
        grouping(stage) = 1 AS is_whole,
        count(*) FILTER (WHERE NOT is_open) AS stays,
        count(*) FILTER (WHERE is_open) AS open_stays,
        round(avg(days) FILTER (WHERE NOT is_open), 6) AS mean,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY days::double precision) FILTER (WHERE NOT is_open) AS median,
        percentile_cont(0.9) WITHIN GROUP (ORDER BY days::double precision) FILTER (WHERE NOT is_open) AS p90
    FROM (
        SELECT
            group_key,
            max(group_label) AS group_label,
            pipeline,
            place,
            stage,
            is_open,
            sum(days) AS days
        FROM counted
        GROUP BY group_key, lead_id, pipeline, place, stage, is_open
    ) AS stay
    GROUP BY GROUPING SETS ((group_key, pipeline, place, stage), (group_key))
) AS by_stage
GROUP BY group_key
ORDER BY group_key
