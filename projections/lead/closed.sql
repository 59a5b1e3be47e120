-- the leads that were closed last
SELECT
    l.lead_id,
    l.status,
    l.title,
    l.customer_id,
    c.name AS customer_name,
    m.name AS owner_name,
    l.amount,
    l.currency,
    l.closed_at
FROM (
    SELECT *
    FROM lead
    WHERE status NOT IN ('open', 'merged')
        AND closed_at IS NOT NULL
        AND (%(owner_id)s::uuid IS NULL OR owner_id = %(owner_id)s)
        AND (%(team)s::text IS NULL OR team = %(team)s)
        AND (%(source)s::text IS NULL OR source = %(source)s)
    ORDER BY closed_at DESC, lead_id
    LIMIT %(limit)s
) AS l
LEFT JOIN customer_alias AS a
    ON a.customer_id = l.customer_id
LEFT JOIN customer_360 AS c
    ON c.customer_id = coalesce(a.root_customer_id, l.customer_id)
LEFT JOIN workspace_member AS m
    ON m.member_id = l.owner_id
ORDER BY l.closed_at DESC, l.lead_id
