-- open leads that have been in their stage for more than twice as long as half of those who left it lately, the longest first
WITH stay AS (
    SELECT
        i.pipeline,
        i.stage,
        extract(epoch FROM i.valid_to - i.stage_since) / 86400 AS days
    FROM lead_stage_interval AS i
    WHERE i.status = 'open'
        AND i.stage IS NOT NULL
        AND i.valid_to >= %(left_since)s
        -- what went on in the same stage, of another worth or owner, is the same stay: asked of the last few thousand rows
        -- one by one, where a join would read them all
        AND (
            SELECT next.stage_position
            FROM lead_stage_interval AS next
            WHERE next.lead_id = i.lead_id
                AND next.valid_from = i.valid_to
                AND next.status = 'open'
            LIMIT 1
        ) IS DISTINCT FROM i.stage_position
    ORDER BY i.valid_to DESC
    LIMIT 3000
), usual AS (
    SELECT
        pipeline,
        stage,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY days::double precision) AS days
    FROM stay
    GROUP BY pipeline, stage
    HAVING count(*) >= %(at_least)s
), stuck AS (
    SELECT
        i.lead_id,
        i.stage_since,
        extract(epoch FROM %(now)s - i.stage_since)::float8 / 86400 AS days,
        u.days AS usual_days
    FROM lead_stage_interval AS i
    JOIN usual AS u
        ON u.pipeline = i.pipeline
        AND u.stage = i.stage
    WHERE i.valid_to IS NULL
        AND i.status = 'open'
        AND i.stage_since < %(now)s - greatest(2 * u.days, 1) * interval '1 day'
)
SELECT
    s.lead_id,
    s.stage_since,
    s.days,
    s.usual_days,
    count(*) OVER () AS stuck,
    l.title,
    l.stage,
    l.amount,
    l.currency,
    m.name AS owner_name,
    l.customer_id,
    c.name AS customer_name
FROM stuck AS s
JOIN lead AS l
    ON l.lead_id = s.lead_id
    AND l.status = 'open'
LEFT JOIN customer_alias AS a
    ON a.customer_id = l.customer_id
LEFT JOIN customer_360 AS c
    ON c.customer_id = coalesce(a.root_customer_id, l.customer_id)
LEFT JOIN workspace_member AS m
    ON m.member_id = l.owner_id
WHERE %(owner_id)s::uuid IS NULL
    OR l.owner_id = %(owner_id)s
ORDER BY s.days / s.usual_days DESC NULLS LAST, s.lead_id
LIMIT %(limit)s
