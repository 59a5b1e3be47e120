-- question: How were those in touch with us in the period who were customers at its end, or at as_of if that comes first?
-- reads: customer_lifecycle_interval interaction
-- builds on: customer_group
-- groups: segment owner team source

-- One row per interaction, and one without an interaction per customer who had none. Segment, owner, team and source are
-- today's.
SELECT
    life.customer_id,
    life.position AS customer_position,
    i.position,
    i.kind,
    i.direction,
    CASE WHEN %(group_by)s::text IS NOT NULL THEN g.group_key END AS group_key,
    CASE WHEN %(group_by)s::text IS NOT NULL THEN g.group_label END AS group_label
FROM customer_lifecycle_interval AS life
LEFT JOIN interaction AS i
    ON i.customer_id = life.customer_id
    AND i.happened_at >= %(period_from)s
    AND i.happened_at < %(period_to)s
    AND i.happened_at <= %(as_of)s
LEFT JOIN customer_group AS g
    ON g.customer_id = life.customer_id
WHERE life.is_active
    AND life.valid_from <= %(as_of)s
    AND life.valid_from < %(period_to)s
    AND (life.valid_to IS NULL OR life.valid_to > %(as_of)s OR life.valid_to >= %(period_to)s)

-- span
SELECT
    min(happened_at) AS first_at,
    max(happened_at) AS last_at
FROM interaction
WHERE happened_at <= %(as_of)s
