-- question: On which days was each customer active, up to the end of the period or as_of?
-- reads: purchase subscription_movement customer_profile workspace_member
-- groups: owner segment source team

-- One row per purchase, active that day, and per event from which on a subscription was paid for, active until it no
-- longer was. Days are those of the zone; what is paid in several currencies is paid. Owner, team, segment and source
-- are today's.
SELECT
    active.customer_id,
    active.position,
    active.first_day,
    active.last_day,
    CASE %(group_by)s::text
        WHEN 'owner' THEN p.owner_id::text
        WHEN 'segment' THEN p.segment
        WHEN 'source' THEN p.source
        WHEN 'team' THEN p.team
    END AS group_key,
    CASE %(group_by)s::text
        WHEN 'owner' THEN w.name
        WHEN 'segment' THEN p.segment
        WHEN 'source' THEN p.source
        WHEN 'team' THEN p.team
    END AS group_label
FROM (
    SELECT
        customer_id,
        record_position AS position,
        (purchased_at AT TIME ZONE %(zone)s)::date AS first_day,
        (purchased_at AT TIME ZONE %(zone)s)::date AS last_day
    FROM purchase
    WHERE purchased_at <= %(as_of)s
        AND purchased_at < %(period_to)s
    UNION ALL
    SELECT
        paid.customer_id,
        told.position,
        paid.effective_on,
        coalesce(paid.until_day - 1, least(
            (%(as_of)s AT TIME ZONE %(zone)s)::date,
            (%(period_to)s AT TIME ZONE %(zone)s)::date - 1
        ))
    FROM (
        SELECT
            *,
            lead(effective_on) OVER (PARTITION BY customer_id, currency ORDER BY effective_on) AS until_day
        FROM subscription_movement
        WHERE effective_on <= (%(as_of)s AT TIME ZONE %(zone)s)::date
            AND effective_on < (%(period_to)s AT TIME ZONE %(zone)s)::date
    ) AS paid
    CROSS JOIN LATERAL unnest(paid.positions) AS told (position)
    WHERE paid.closing > 0
) AS active
LEFT JOIN customer_profile AS p
    ON p.customer_id = active.customer_id
LEFT JOIN workspace_member AS w
    ON w.member_id = p.owner_id

-- span
SELECT
    min(first_at) AS first_at,
    max(last_at) AS last_at
FROM (
    SELECT
        min(purchased_at) AS first_at,
        max(purchased_at) AS last_at
    FROM purchase
    WHERE purchased_at <= %(as_of)s
    UNION ALL
    SELECT
        min(effective_on)::timestamp AT TIME ZONE 'UTC',
        max(effective_on)::timestamp AT TIME ZONE 'UTC'
    FROM subscription_movement
    WHERE effective_on <= (%(as_of)s AT TIME ZONE 'UTC')::date
) AS told
