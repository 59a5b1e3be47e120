-- title: Sales cycle
-- area: sales
-- version: 1
-- question: How many days pass from the first touch to the outcome?
-- unit: days
-- better: low
-- formula: closed_at - captured_at in days of 24 hours, of deals won or lost in the period; mean, median and 90th percentile
-- edge cases: a reopened lead counts up to its last outcome at as_of; same-day deals count as they are; a deal closed before it was captured is excluded and counted; won and lost are also reported apart; leads that are open at as_of have no length yet and are counted as open
-- of nothing: null
-- source: the usual sales definition
-- reads: lead_at

-- counted: the outcomes that fell into the period, with the days they took
SELECT
    lead_id,
    status_position AS position,
    status,
    extract(epoch FROM status_since - captured_at) / 86400 AS days,
    group_key,
    group_label
FROM lead_at
WHERE status IN ('won', 'lost')
    AND status_since >= %(period_from)s
    AND status_since < %(period_to)s

-- figure
SELECT
    group_key,
    max(group_label) AS group_label,
    round(avg(days) FILTER (WHERE days >= 0), 6) AS value,
    round(sum(days) FILTER (WHERE days >= 0), 6) AS numerator,
    count(*) FILTER (WHERE days >= 0) AS denominator,
    count(*) FILTER (WHERE days >= 0) AS sample_size,
    count(*) FILTER (WHERE days < 0) AS excluded,
    jsonb_build_object(
        'open', count(*) FILTER (WHERE status = 'open'),
        'both', jsonb_build_object(
            'mean', round(avg(days) FILTER (WHERE days >= 0), 6),
            'median', percentile_cont(0.5) WITHIN GROUP (ORDER BY days::double precision) FILTER (WHERE days >= 0),
            'p90', percentile_cont(0.9) WITHIN GROUP (ORDER BY days::double precision) FILTER (WHERE days >= 0),
            'count', count(*) FILTER (WHERE days >= 0)
        ),
        'won', jsonb_build_object(
            'mean', round(avg(days) FILTER (WHERE days >= 0 AND status = 'won'), 6),
            'median', percentile_cont(0.5) WITHIN GROUP (ORDER BY days::double precision)
                FILTER (WHERE days >= 0 AND status = 'won'),
            'p90', percentile_cont(0.9) WITHIN GROUP (ORDER BY days::double precision)
                FILTER (WHERE days >= 0 AND status = 'won'),
            'count', count(*) FILTER (WHERE days >= 0 AND status = 'won')
        ),
        'lost', jsonb_build_object(
            'mean', round(avg(days) FILTER (WHERE days >= 0 AND status = 'lost'), 6),
            'median', percentile_cont(0.5) WITHIN GROUP (ORDER BY days::double precision)
                FILTER (WHERE days >= 0 AND status = 'lost'),
            'p90', percentile_cont(0.9) WITHIN GROUP (ORDER BY days::double precision)
                FILTER (WHERE days >= 0 AND status = 'lost'),
            'count', count(*) FILTER (WHERE days >= 0 AND status = 'lost')
        )
    ) AS details
FROM (
    SELECT
        status,
        days,
        group_key,
        group_label
    FROM counted
    UNION ALL
    SELECT
        status,
        NULL AS days,
        group_key,
        group_label
    FROM lead_at
    WHERE status = 'open'
) AS told
GROUP BY group_key
ORDER BY group_key
