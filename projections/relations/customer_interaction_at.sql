-- question: How were those in touch with us in the period who were customers at its end, or at as_of if that comes first?
-- reads: customer_lifecycle_interval customer_profile interaction workspace_member
-- groups: segment owner team source

-- One row per interaction, and one without an interaction per customer who had none. Segment, owner, team and source are
-- today's.
SELECT
    life.customer_id,
    life.position AS customer_position,
    i.position,
    i.kind,
    i.direction,
    CASE %(group_by)s::text
        WHEN 'segment' THEN p.segment
        WHEN 'owner' THEN p.owner_id::text
        WHEN 'team' THEN p.team
        WHEN 'source' THEN p.source
    END AS group_key,
    CASE %(group_by)s::text
        WHEN 'segment' THEN p.segment
        WHEN 'owner' THEN w.name
        WHEN 'team' THEN p.team
        WHEN 'source' THEN p.source
    END AS group_label
FROM customer_lifecycle_interval AS life
LEFT JOIN interaction AS i
    ON i.customer_id = life.customer_id
    AND i.happened_at >= %(period_from)s
    AND i.happened_at < %(period_to)s
    AND i.happened_at <= %(as_of)s
LEFT JOIN customer_profile AS p
    ON p.customer_id = life.customer_id
LEFT JOIN workspace_member AS w
    ON w.member_id = p.owner_id
WHERE life.status IN ('active', 'at_risk', 'won_back')
    AND NOT life.is_archived
    AND NOT life.is_forgotten
    AND life.valid_from <= %(as_of)s
    AND life.valid_from < %(period_to)s
    AND (life.valid_to IS NULL OR life.valid_to > %(as_of)s OR life.valid_to >= %(period_to)s)

-- span
SELECT
    min(happened_at) AS first_at,
    max(happened_at) AS last_at
FROM interaction
WHERE happened_at <= %(as_of)s
