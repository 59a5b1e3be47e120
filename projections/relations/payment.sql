-- question: What did customers pay once, and what did they get back, by as_of and up to the end of the period?
-- reads: purchase
-- builds on: customer_group
-- groups: currency owner segment source team

-- One row per purchase and one per refund, which is negative. Owner, team, segment and source are today's.
SELECT
    paid.customer_id,
    paid.position,
    paid.currency,
    paid.amount,
    paid.paid_at,
    paid.amount < 0 AS is_refund,
    CASE WHEN %(group_by)s::text = 'currency' THEN paid.currency WHEN %(group_by)s::text IS NOT NULL THEN g.group_key END AS group_key,
    CASE WHEN %(group_by)s::text = 'currency' THEN paid.currency WHEN %(group_by)s::text IS NOT NULL THEN g.group_label END AS group_label
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
    -- most purchases have none, and to take nothing apart takes time as well
    WHERE u.refunded_at IS NOT NULL
) AS paid
LEFT JOIN customer_group AS g
    ON g.customer_id = paid.customer_id
WHERE paid.paid_at <= %(as_of)s
    AND paid.paid_at < %(period_to)s

-- span
SELECT
    min(purchased_at) AS first_at,
    max(purchased_at) AS last_at
FROM purchase
WHERE purchased_at <= %(as_of)s
