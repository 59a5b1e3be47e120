SELECT
    l.*,
    c.name AS customer_name,
    m.name AS owner_name
FROM lead AS l
LEFT JOIN customer_alias AS a
    ON a.customer_id = l.customer_id
LEFT JOIN customer_360 AS c
    ON c.customer_id = coalesce(a.root_customer_id, l.customer_id)
LEFT JOIN workspace_member AS m
    ON m.member_id = l.owner_id
WHERE (%(lead_id)s::uuid IS NULL OR l.lead_id = %(lead_id)s)
    AND (%(status)s::text IS NULL OR l.status = %(status)s)
    AND (%(stage)s::text IS NULL OR l.stage = %(stage)s)
    AND (%(owner_id)s::uuid IS NULL OR l.owner_id = %(owner_id)s)
    AND (%(source)s::text IS NULL OR l.source = %(source)s)
    -- also the leads of those who were merged into the customer
    AND (
        %(customer_id)s::uuid IS NULL
        OR l.customer_id = ANY(
            ARRAY(SELECT m.customer_id FROM customer_alias AS m WHERE m.root_customer_id = %(customer_id)s)
            || %(customer_id)s::uuid
        )
    )
    AND (
        %(before_captured_at)s::timestamptz IS NULL
        OR (l.captured_at, l.lead_id) < (%(before_captured_at)s, %(before_lead_id)s)
    )
ORDER BY l.captured_at DESC, l.lead_id DESC
LIMIT %(limit)s
