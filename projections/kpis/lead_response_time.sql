-- title: Lead response time
-- area: sales
-- version: 1
-- question: How soon do leads that come to us hear from one of us?
-- unit: minutes
-- better: low
-- formula: the median of the first human outbound touch - received_at, of the inbound leads received in the period; mean, 90th percentile and count beside it, and the shares that heard from us within 5 minutes, an hour and a day
-- edge cases: what a program sends by itself, notes, and what was retracted or came before the lead was received are no answer; leads that we found ourselves do not count; those that wait at as_of have no length yet and are counted as open, and are in a share once its time is over; disqualified leads are excluded and counted, merged ones count where their work goes on
-- of nothing: null
-- source: lead response time (speed to lead) as sales teams report it, by the calendar's clock
-- reads: lead_response_at

-- counted: the leads received in the period, with the event of the answer, or while there is none that of the capture
SELECT
    lead_id,
    coalesce(responded_position, position) AS position,
    coalesce(status = 'disqualified', false) AS is_disqualified,
    extract(epoch FROM responded_at - received_at) / 60 AS minutes,
    extract(epoch FROM coalesce(responded_at, %(as_of)s) - received_at) / 60 AS waited,
    group_key,
    group_label
FROM lead_response_at
WHERE received_at >= %(period_from)s
    AND received_at < %(period_to)s

-- figure
SELECT
    group_key,
    max(group_label) AS group_label,
    round(max(median) FILTER (WHERE target IS NULL)::numeric, 6) AS value,
    NULL::numeric AS numerator,
    NULL::numeric AS denominator,
    (max(answered) FILTER (WHERE target IS NULL))::bigint AS sample_size,
    (max(disqualified) FILTER (WHERE target IS NULL))::bigint AS excluded,
    jsonb_build_object(
        'mean', max(mean) FILTER (WHERE target IS NULL),
        'median', max(median) FILTER (WHERE target IS NULL),
        'p90', max(p90) FILTER (WHERE target IS NULL),
        'count', max(answered) FILTER (WHERE target IS NULL),
        'open', max(unanswered) FILTER (WHERE target IS NULL),
        'within', jsonb_agg(jsonb_build_object(
            'minutes', target,
            'value', round(in_time::numeric / nullif(judged, 0), 10),
            'numerator', in_time,
            'denominator', judged
        ) ORDER BY target) FILTER (WHERE target IS NOT NULL)
    ) AS details
FROM (
    SELECT
        counted.group_key,
        max(counted.group_label) AS group_label,
        share.target,
        count(*) FILTER (WHERE is_disqualified) AS disqualified,
        count(minutes) FILTER (WHERE NOT is_disqualified) AS answered,
        count(*) FILTER (WHERE NOT is_disqualified AND minutes IS NULL) AS unanswered,
        round(avg(minutes) FILTER (WHERE NOT is_disqualified), 6) AS mean,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY minutes::double precision) FILTER (WHERE NOT is_disqualified) AS median,
        percentile_cont(0.9) WITHIN GROUP (ORDER BY minutes::double precision) FILTER (WHERE NOT is_disqualified) AS p90,
        count(*) FILTER (WHERE NOT is_disqualified AND minutes <= share.target) AS in_time,
        count(*) FILTER (WHERE NOT is_disqualified AND (minutes IS NOT NULL OR waited > share.target)) AS judged
    FROM counted
    CROSS JOIN (VALUES (NULL::integer), (5), (60), (1440)) AS share (target)
    GROUP BY counted.group_key, share.target
) AS by_target
GROUP BY group_key
ORDER BY group_key
