-- title: SLA breach rate
-- area: support
-- version: 1
-- question: What share of what we promised on tickets did we not do in time?
-- unit: ratio
-- better: low
-- formula: breached / (met + breached), of the promises that were due in the period; each target apart beside it
-- edge cases: what is past due at as_of is breached, recorded or not; what is due exactly then is not yet; while its clock stands still a promise is not due at all; cancelled promises do not count; each next reply and each reopening is promised anew; policy and due date are those that were applied; merged tickets and spam are out
-- of nothing: null
-- source: the usual service level definition, by due date
-- reads: sla_target_at

-- counted: the promises due in the period that were kept or broken
SELECT
    ticket_id,
    position,
    target,
    outcome,
    group_key,
    group_label
FROM sla_target_at
WHERE due_at >= %(period_from)s
    AND due_at < %(period_to)s

-- figure
SELECT
    group_key,
    max(group_label) AS group_label,
    round(sum(breached) / nullif(sum(promises), 0), 10) AS value,
    sum(breached)::bigint AS numerator,
    sum(promises)::bigint AS denominator,
    sum(promises)::bigint AS sample_size,
    0 AS excluded,
    jsonb_build_object(
        'by_target', jsonb_object_agg(target, jsonb_build_object(
            'met', promises - breached,
            'breached', breached,
            'rate', round(breached::numeric / promises, 10)
        ))
    ) AS details
FROM (
    SELECT
        group_key,
        max(group_label) AS group_label,
        target,
        count(*) FILTER (WHERE outcome = 'breached') AS breached,
        count(*) AS promises
    FROM counted
    GROUP BY group_key, target
) AS by_target
GROUP BY group_key
ORDER BY group_key
