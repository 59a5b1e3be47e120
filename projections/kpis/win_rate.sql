-- title: Win rate
-- area: sales
-- version: 1
-- question: What share of the deals that were closed did we win?
-- unit: ratio
-- formula: won / (won + lost), closed in the period; by value beside it, and the 20 reasons that most deals were lost for
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
    lost_reason,
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
    round(coalesce(sum(leads) FILTER (WHERE status = 'won'), 0) / sum(leads), 10) AS value,
    coalesce(sum(leads) FILTER (WHERE status = 'won'), 0)::bigint AS numerator,
    sum(leads)::bigint AS denominator,
    sum(leads)::bigint AS sample_size,
    0 AS excluded,
    jsonb_build_object(
        'won', coalesce(sum(leads) FILTER (WHERE status = 'won'), 0),
        'lost', coalesce(sum(leads) FILTER (WHERE status = 'lost'), 0),
        -- amounts of different currencies are not added up
        -- and where no lost deal has an amount, the share would be 1 whatever was lost
        'by_value', CASE WHEN min(first_currency) = max(last_currency) AND sum(priced) FILTER (WHERE status = 'lost') > 0 THEN
            round(coalesce(sum(total) FILTER (WHERE status = 'won'), 0) / nullif(sum(total), 0), 10)
        END,
        'by_reason', coalesce(
            jsonb_agg(jsonb_build_object('reason', lost_reason, 'lost', leads) ORDER BY place)
                FILTER (WHERE status = 'lost' AND place <= 20),
            '[]'
        )
    ) AS details
FROM (
    SELECT
        group_key,
        max(group_label) AS group_label,
        status,
        lost_reason,
        count(*) AS leads,
        count(amount) AS priced,
        sum(amount) AS total,
        min(currency) AS first_currency,
        max(currency) AS last_currency,
        row_number() OVER (PARTITION BY group_key, status ORDER BY count(*) DESC, lost_reason) AS place
    FROM counted
    GROUP BY group_key, status, lost_reason
) AS by_reason
GROUP BY group_key
ORDER BY group_key
