-- title: Lead aging
-- area: sales
-- version: 1
-- question: How long have open leads been standing still?
-- unit: days
-- better: low
-- formula: the median of as_of - the last entry into a stage, in days of 24 hours, of the leads that are open at as_of; mean, 90th percentile and count beside it, and the leads by classes of age
-- edge cases: who goes back to an earlier stage enters it anew, who is reopened in the same stage does not; leads of which no stage is known are excluded and counted; a class begins with its first day and ends before its last; the period does not matter
-- of nothing: null
-- source: the state at a moment, folded from what had happened by then
-- judged: at a moment
-- reads: lead_at

-- counted: every open lead, with the event that brought it where it stands
SELECT
    lead_id,
    coalesce(stage_position, position) AS position,
    extract(epoch FROM %(as_of)s - stage_since) / 86400 AS days,
    group_key,
    group_label
FROM lead_at
WHERE status = 'open'

-- figure
SELECT
    group_key,
    max(group_label) AS group_label,
    round((percentile_cont(0.5) WITHIN GROUP (ORDER BY days::double precision))::numeric, 6) AS value,
    NULL::numeric AS numerator,
    NULL::numeric AS denominator,
    count(days) AS sample_size,
    count(*) - count(days) AS excluded,
    jsonb_build_object(
        'mean', round(avg(days), 6),
        'median', percentile_cont(0.5) WITHIN GROUP (ORDER BY days::double precision),
        'p90', percentile_cont(0.9) WITHIN GROUP (ORDER BY days::double precision),
        'count', count(days),
        'by_age', jsonb_build_array(
            jsonb_build_object('from_days', 0, 'to_days', 7, 'leads', count(*) FILTER (WHERE days < 7)),
            jsonb_build_object('from_days', 7, 'to_days', 14, 'leads', count(*) FILTER (WHERE days >= 7 AND days < 14)),
            jsonb_build_object('from_days', 14, 'to_days', 30, 'leads', count(*) FILTER (WHERE days >= 14 AND days < 30)),
            jsonb_build_object('from_days', 30, 'to_days', 60, 'leads', count(*) FILTER (WHERE days >= 30 AND days < 60)),
            jsonb_build_object('from_days', 60, 'to_days', 90, 'leads', count(*) FILTER (WHERE days >= 60 AND days < 90)),
            jsonb_build_object('from_days', 90, 'to_days', NULL, 'leads', count(*) FILTER (WHERE days >= 90))
        )
    ) AS details
FROM counted
GROUP BY group_key
ORDER BY group_key
