-- question: From when to when was each customer what, as far as it had come by as_of?
-- reads: customer_lifecycle_interval
-- builds on: customer_group
-- groups: owner segment source team

-- One row per interval. Active are those who buy from us, also when they are at risk or were won back, unless they are
-- archived or forgotten; who no longer is has ended. Owner, team, segment and source are today's.
SELECT
    life.customer_id,
    life.position,
    life.valid_from,
    -- what ends later was not known to end
    CASE WHEN life.valid_to <= %(as_of)s THEN life.valid_to END AS valid_to,
    life.status,
    life.churn_kind,
    life.is_active,
    life.is_new,
    life.was_active AND NOT life.is_active AS is_end,
    life.was_active AND life.status = 'churned' AS has_left,
    CASE WHEN %(group_by)s::text IS NOT NULL THEN g.group_key END AS group_key,
    CASE WHEN %(group_by)s::text IS NOT NULL THEN g.group_label END AS group_label
FROM customer_lifecycle_interval AS life
LEFT JOIN customer_group AS g
    ON g.customer_id = life.customer_id
WHERE life.valid_from <= %(as_of)s
    AND life.valid_from < %(period_to)s

-- span
SELECT
    min(valid_from) AS first_at,
    max(valid_from) AS last_at
FROM customer_lifecycle_interval
WHERE valid_from <= %(as_of)s
