-- per stage, the open leads that something happened to last
SELECT
    l.lead_id,
    l.version,
    l.title,
    l.customer_id,
    c.name AS customer_name,
    m.name AS owner_name,
    l.stage,
    l.amount,
    l.currency,
    l.open_follow_ups,
    l.last_event_at,
    i.stage_since
FROM (
    SELECT
        lead.*,
        row_number() OVER (PARTITION BY stage ORDER BY last_event_at DESC, lead_id) AS place
    FROM lead
    WHERE status = 'open'
        AND pipeline = %(pipeline)s
        AND (%(owner_id)s::uuid IS NULL OR owner_id = %(owner_id)s)
        AND (%(team)s::text IS NULL OR team = %(team)s)
        AND (%(source)s::text IS NULL OR source = %(source)s)
) AS l
LEFT JOIN customer_alias AS a
    ON a.customer_id = l.customer_id
-- of the few that are shown, one by one
LEFT JOIN LATERAL (
    SELECT customer.name
    FROM customer_360 AS customer
    WHERE customer.customer_id = coalesce(a.root_customer_id, l.customer_id)
    LIMIT 1
) AS c
    ON true
LEFT JOIN workspace_member AS m
    ON m.member_id = l.owner_id
LEFT JOIN LATERAL (
    SELECT interval.stage_since
    FROM lead_stage_interval AS interval
    WHERE interval.lead_id = l.lead_id
        AND interval.valid_to IS NULL
    LIMIT 1
) AS i
    ON true
WHERE l.place <= %(limit)s
ORDER BY l.stage, l.place
