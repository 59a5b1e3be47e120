-- title: Win rate
-- version: 1
-- question: What share of the deals that were closed did we win?
-- unit: ratio
-- formula: won / (won + lost), closed in the period; by value beside it
-- edge cases: open and disqualified leads do not count; a reopened lead counts by its last outcome at as_of; no deal closed gives null
-- of nothing: null
-- source: the usual sales definition, by count; both forms are reported by the large CRMs
-- reads: lead_at

-- counted: the outcomes that fell into the period
SELECT
    lead_id,
    status_position AS position,
    status,
    amount,
    currency,
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
    round(count(*) FILTER (WHERE status = 'won')::numeric / nullif(count(*), 0), 10) AS value,
    count(*) FILTER (WHERE status = 'won') AS numerator,
    count(*) AS denominator,
    count(*) AS sample_size,
    0 AS excluded,
    jsonb_build_object(
        'won', count(*) FILTER (WHERE status = 'won'),
        'lost', count(*) FILTER (WHERE status = 'lost'),
        -- amounts of different currencies are not added up
        -- and where no lost deal has an amount, the share would be 1 whatever was lost
        'by_value', CASE WHEN count(DISTINCT currency) = 1 AND count(amount) FILTER (WHERE status = 'lost') > 0 THEN
            round(coalesce(sum(amount) FILTER (WHERE status = 'won'), 0) / nullif(sum(amount), 0), 10)
        END
    ) AS details
FROM counted
GROUP BY group_key
ORDER BY group_key
