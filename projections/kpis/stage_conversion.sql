-- title: Stage conversion
-- area: sales
-- version: 1
-- question: How many of the leads come through which stage?
-- unit: ratio
-- formula: won leads / leads, of those captured in the period; for each stage of their pipeline the leads that were ever in it, as a share of those in the stage before and of all
-- edge cases: a stage that was skipped counts as passed, and a won lead has passed all; going back and forth counts once; lost leads stay in up to where they came; won is who is so at as_of; disqualified leads, and those of which no stage of today's pipeline is known, are excluded and counted; none captured gives null
-- of nothing: null
-- source: the usual sales funnel, of a cohort of leads
-- reads: lead_path

-- counted: the events that took the leads through the stages
SELECT
    lead_id,
    position,
    is_first,
    status,
    pipeline,
    reached,
    group_key,
    group_label
FROM lead_path

-- figure
SELECT
    group_key,
    max(group_label) AS group_label,
    round(sum(leads) FILTER (WHERE status = 'won') / nullif(sum(leads) FILTER (WHERE place = 1), 0), 10) AS value,
    coalesce(sum(leads) FILTER (WHERE status = 'won'), 0)::bigint AS numerator,
    coalesce(sum(leads) FILTER (WHERE place = 1), 0)::bigint AS denominator,
    coalesce(sum(leads) FILTER (WHERE place = 1), 0)::bigint AS sample_size,
    coalesce(sum(disqualified + unknown) FILTER (WHERE coalesce(place, 1) = 1), 0)::bigint AS excluded,
    jsonb_build_object(
        'disqualified', coalesce(sum(disqualified) FILTER (WHERE coalesce(place, 1) = 1), 0),
        'without_stage', coalesce(sum(unknown) FILTER (WHERE coalesce(place, 1) = 1), 0),
        'stages', coalesce(jsonb_agg(jsonb_build_object(
            'pipeline', pipeline,
            'stage', stage,
            'status', status,
            'leads', leads,
            'of_previous', round(leads / nullif(previous, 0), 10),
            'of_first', round(leads / nullif(first, 0), 10)
        ) ORDER BY pipeline, place) FILTER (WHERE first > 0), '[]')
    ) AS details
FROM (
    SELECT
        *,
        lag(leads) OVER (PARTITION BY group_key, pipeline ORDER BY place) AS previous,
        first_value(leads) OVER (PARTITION BY group_key, pipeline ORDER BY place) AS first
    FROM (
        SELECT
            path.group_key,
            max(path.group_label) AS group_label,
            path.pipeline,
            step.place,
            step.stage,
            step.status,
            coalesce(sum(path.leads) FILTER (WHERE path.reached >= step.place), 0) AS leads,
            sum(path.disqualified) AS disqualified,
            sum(path.unknown) AS unknown
        FROM (
            SELECT
                group_key,
                max(group_label) AS group_label,
                pipeline,
                reached,
                count(*) FILTER (WHERE status <> 'disqualified') AS leads,
                count(*) FILTER (WHERE status = 'disqualified') AS disqualified,
                count(*) FILTER (WHERE status <> 'disqualified' AND reached IS NULL) AS unknown
            FROM counted
            WHERE is_first
            GROUP BY group_key, pipeline, reached
        ) AS path
        LEFT JOIN (
            SELECT
                pipeline,
                place,
                stage,
                NULL AS status
            FROM pipeline_stage
            WHERE is_current
            UNION ALL
            SELECT
                pipeline,
                max(place) + 1 AS place,
                NULL AS stage,
                'won' AS status
            FROM pipeline_stage
            WHERE is_current
            GROUP BY pipeline
        ) AS step
            ON step.pipeline = path.pipeline
        GROUP BY path.group_key, path.pipeline, step.place, step.stage, step.status
    ) AS passed
) AS compared
GROUP BY group_key
ORDER BY group_key
