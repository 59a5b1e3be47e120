-- per stage, the leads that were open at a moment, those that had been in the stage longest first; titles and names are
-- those of today
SELECT
    l.lead_id,
    l.version,
    l.title,
    l.customer_id,
    c.name AS customer_name,
    m.name AS owner_name,
    i.stage,
    i.amount,
    i.currency,
    NULL::bigint AS open_follow_ups,
    i.valid_from AS last_event_at,
    i.stage_since
FROM (
    SELECT
        past.*,
        row_number() OVER (PARTITION BY past.stage ORDER BY past.stage_since, past.lead_id) AS place
    FROM lead_stage_interval AS past
    INNER JOIN lead AS known
        ON known.lead_id = past.lead_id
    WHERE past.valid_from <= %(at)s
        AND (past.valid_to IS NULL OR past.valid_to > %(at)s)
        AND past.status = 'open'
        AND past.pipeline = %(pipeline)s
        AND (%(owner_id)s::uuid IS NULL OR past.owner_id = %(owner_id)s)
        AND (%(team)s::text IS NULL OR past.team = %(team)s)
        AND (%(source)s::text IS NULL OR known.source = %(source)s)
) AS i
-- of the few that are shown, one by one
CROSS JOIN LATERAL (
    SELECT *
    FROM lead
    WHERE lead.lead_id = i.lead_id
    LIMIT 1
) AS l
LEFT JOIN customer_alias AS a
    ON a.customer_id = l.customer_id
LEFT JOIN LATERAL (
    SELECT customer.name
    FROM customer_360 AS customer
    WHERE customer.customer_id = coalesce(a.root_customer_id, l.customer_id)
    LIMIT 1
) AS c
    ON true
LEFT JOIN workspace_member AS m
    ON m.member_id = i.owner_id
WHERE i.place <= %(limit)s
ORDER BY i.stage, i.place
