-- question: On which days was each customer who came in the period active, up to its end or as_of?
-- reads: purchase subscription_movement
-- builds on: customer_group
-- groups: owner segment source team

-- One row per purchase, active that day, and per event from which on a subscription was paid for, active until it no
-- longer was; of customers who bought nothing before the period. Days are those of the zone; what is paid in several
-- currencies is paid. Owner, team, segment and source are today's.
WITH paid AS (
    SELECT
        *,
        lead(effective_on) OVER (PARTITION BY customer_id, currency ORDER BY effective_on) AS until_day
    FROM subscription_movement
    WHERE effective_on <= (%(as_of)s AT TIME ZONE %(zone)s)::date
        AND effective_on < (%(period_to)s AT TIME ZONE %(zone)s)::date
), active AS (
    SELECT
        customer_id,
        record_position AS position,
        (purchased_at AT TIME ZONE %(zone)s)::date AS first_day,
        (purchased_at AT TIME ZONE %(zone)s)::date AS last_day
    FROM purchase
    WHERE purchased_at <= %(as_of)s
        AND purchased_at < %(period_to)s
        AND purchased_at >= date_trunc('day', %(period_from)s AT TIME ZONE %(zone)s) AT TIME ZONE %(zone)s
    UNION ALL
    SELECT
        paid.customer_id,
        told.position,
        paid.effective_on,
        coalesce(paid.until_day - 1, least(
            (%(as_of)s AT TIME ZONE %(zone)s)::date,
            (%(period_to)s AT TIME ZONE %(zone)s)::date - 1
        ))
    FROM paid
    CROSS JOIN LATERAL unnest(paid.positions) AS told (position)
    WHERE paid.closing > 0
)
SELECT
    active.customer_id,
    active.position,
    active.first_day,
    active.last_day,
    CASE WHEN %(group_by)s::text IS NOT NULL THEN g.group_key END AS group_key,
    CASE WHEN %(group_by)s::text IS NOT NULL THEN g.group_label END AS group_label
FROM active
LEFT JOIN customer_group AS g
    ON g.customer_id = active.customer_id
-- who bought before the period did not come in it
WHERE NOT EXISTS (
    SELECT
    FROM purchase AS earlier
    WHERE earlier.customer_id = active.customer_id
        AND earlier.purchased_at < date_trunc('day', %(period_from)s AT TIME ZONE %(zone)s) AT TIME ZONE %(zone)s
)

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
