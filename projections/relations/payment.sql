-- question: What did customers pay once, and what did they get back, by as_of and up to the end of the period?
-- reads: purchase customer_profile workspace_member
-- groups: currency owner segment source team

-- One row per purchase and one per refund, which is negative. Owner, team, segment and source are today's.
SELECT
    paid.customer_id,
    paid.position,
    paid.currency,
    paid.amount,
    paid.paid_at,
    paid.amount < 0 AS is_refund,
    CASE %(group_by)s::text
        WHEN 'currency' THEN paid.currency
        WHEN 'owner' THEN p.owner_id::text
        WHEN 'segment' THEN p.segment
        WHEN 'source' THEN p.source
        WHEN 'team' THEN p.team
    END AS group_key,
    CASE %(group_by)s::text
        WHEN 'currency' THEN paid.currency
        WHEN 'owner' THEN w.name
        WHEN 'segment' THEN p.segment
        WHEN 'source' THEN p.source
        WHEN 'team' THEN p.team
    END AS group_label
FROM (
    SELECT
        customer_id,
        record_position AS position,
        currency,
        total AS amount,
        purchased_at AS paid_at
    FROM purchase
    WHERE total IS NOT NULL
    UNION ALL
    SELECT
        u.customer_id,
        refund.position,
        u.currency,
        -refund.amount,
        refund.moment
    FROM purchase AS u
    CROSS JOIN LATERAL unnest(u.refund_amounts, u.refund_moments, u.refund_positions) AS refund (amount, moment, position)
) AS paid
LEFT JOIN customer_profile AS p
    ON p.customer_id = paid.customer_id
LEFT JOIN workspace_member AS w
    ON w.member_id = p.owner_id
WHERE paid.paid_at <= %(as_of)s
    AND paid.paid_at < %(period_to)s

-- span
SELECT
    min(purchased_at) AS first_at,
    max(purchased_at) AS last_at
FROM purchase
WHERE purchased_at <= %(as_of)s
