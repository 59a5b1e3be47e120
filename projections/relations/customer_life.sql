-- question: From when to when was each customer what, as far as it had come by as_of?
-- reads: customer_lifecycle_interval customer_profile workspace_member
-- groups: owner segment source team

-- One row per interval. Active are those who buy from us, also when they are at risk or were won back, unless they are
-- archived or forgotten. Owner, team, segment and source are today's.
SELECT
    life.customer_id,
    life.position,
    life.valid_from,
    -- what ends later was not known to end
    CASE WHEN life.valid_to <= %(as_of)s THEN life.valid_to END AS valid_to,
    life.status,
    life.churn_kind,
    life.is_active,
    life.is_active AND NOT coalesce(bool_or(life.is_active) OVER earlier, false) AS is_new,
    life.status = 'churned' AND coalesce(lag(life.is_active) OVER customer, false) AS has_left,
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
        *,
        status IN ('active', 'at_risk', 'won_back') AND NOT is_archived AND NOT is_forgotten AS is_active
    FROM customer_lifecycle_interval
) AS life
LEFT JOIN customer_profile AS p
    ON p.customer_id = life.customer_id
LEFT JOIN workspace_member AS w
    ON w.member_id = p.owner_id
WHERE life.valid_from <= %(as_of)s
    AND life.valid_from < %(period_to)s
WINDOW
    customer AS (PARTITION BY life.customer_id ORDER BY life.valid_from),
    earlier AS (
        PARTITION BY life.customer_id
        ORDER BY life.valid_from
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )

-- span
SELECT
    min(valid_from) AS first_at,
    max(valid_from) AS last_at
FROM customer_lifecycle_interval
WHERE valid_from <= %(as_of)s
