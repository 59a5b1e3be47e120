-- How long the waits of each cycle were, in hours. `counted` gives each wait with its `cycle`, its `state`, the hours that it
-- took or, where it is open, has taken, and whether the cycle is the one that the figure is of; rows that are no `is_wait`
-- only name an event. The shares leave out what is open and has not taken so long yet.
SELECT
    group_key,
    max(group_label) AS group_label,
    round(max(median) FILTER (WHERE is_value), 6) AS value,
    NULL::numeric AS numerator,
    NULL::numeric AS denominator,
    coalesce(sum(answers) FILTER (WHERE is_value), 0)::bigint AS sample_size,
    coalesce(sum(untimed) FILTER (WHERE is_value), 0)::bigint AS excluded,
    jsonb_object_agg(cycle, jsonb_build_object(
        'median', median,
        'p90', p90,
        'mean', round(mean, 6),
        'count', answers,
        'open', still_open,
        'unanswered', unanswered,
        'within_5_minutes', round(in_5_minutes::numeric / nullif(of_5_minutes, 0), 10),
        'within_1_hour', round(in_1_hour::numeric / nullif(of_1_hour, 0), 10),
        'within_1_day', round(in_1_day::numeric / nullif(of_1_day, 0), 10)
    )) AS details
FROM (
    SELECT
        group_key,
        max(group_label) AS group_label,
        cycle,
        bool_or(is_value) AS is_value,
        (percentile_cont(0.5) WITHIN GROUP (ORDER BY hours::double precision) FILTER (WHERE state = 'answered'))::numeric AS median,
        percentile_cont(0.9) WITHIN GROUP (ORDER BY hours::double precision) FILTER (WHERE state = 'answered') AS p90,
        avg(hours) FILTER (WHERE state = 'answered') AS mean,
        count(hours) FILTER (WHERE state = 'answered') AS answers,
        count(*) FILTER (WHERE state = 'answered' AND hours IS NULL) AS untimed,
        count(*) FILTER (WHERE state = 'open') AS still_open,
        count(*) FILTER (WHERE state = 'unanswered') AS unanswered,
        count(*) FILTER (WHERE state = 'answered' AND hours * 12 <= 1) AS in_5_minutes,
        count(*) FILTER (WHERE state = 'answered' AND hours >= 0 OR state = 'open' AND hours * 12 > 1) AS of_5_minutes,
        count(*) FILTER (WHERE state = 'answered' AND hours <= 1) AS in_1_hour,
        count(*) FILTER (WHERE state = 'answered' AND hours >= 0 OR state = 'open' AND hours > 1) AS of_1_hour,
        count(*) FILTER (WHERE state = 'answered' AND hours <= 24) AS in_1_day,
        count(*) FILTER (WHERE state = 'answered' AND hours >= 0 OR state = 'open' AND hours > 24) AS of_1_day
    FROM counted
    WHERE is_wait
    GROUP BY group_key, cycle
) AS by_cycle
GROUP BY group_key
ORDER BY group_key
