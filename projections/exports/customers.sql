SELECT
    c.customer_id,
    c.kind,
    c.name,
    c.status,
    c.status_since,
    c.since,
    c.source,
    c.owner_id,
    m.name AS owner_name,
    c.team,
    c.segment,
    c.industry,
    c.size,
    c.tier,
    c.external_ids,
    c.tags,
    c.custom_fields,
    c.email,
    c.phone,
    (
        SELECT coalesce(jsonb_agg(jsonb_build_object(
            'kind', p.kind,
            'written', p.written,
            'normalised', p.normalised,
            'extension', p.extension,
            'label', p.label,
            'is_primary', p.is_primary
        ) ORDER BY p.position, p.point_id), '[]')
        FROM contact_point AS p
        WHERE p.customer_id = c.customer_id
            AND p.person_id IS NULL
    ) AS contact_points,
    c.consents,
    c.unsubscribed,
    c.open_leads,
    c.open_tickets,
    c.open_follow_ups,
    c.next_due_at,
    c.interactions,
    c.last_interaction_at,
    c.purchases,
    c.last_purchase_at,
    c.subscriptions,
    c.mrr,
    c.purchased,
    c.nps_score,
    c.nps_at,
    c.csat_score,
    c.csat_at,
    c.ces_score,
    c.ces_at
FROM customer_360 AS c
LEFT JOIN workspace_member AS m
    ON m.member_id = c.owner_id
ORDER BY c.customer_id
