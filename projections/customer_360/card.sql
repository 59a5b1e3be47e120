-- a customer with her parts; who was merged is whom she lives on in
SELECT
    c.*,
    jsonb_build_object(
        'contact_points', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'point_id', p.point_id,
                'kind', p.kind,
                'written', p.written,
                'normalised', p.normalised,
                'label', p.label,
                'is_primary', p.is_primary,
                'person_id', p.person_id,
                'added_at', p.added_at
            ) ORDER BY p.position), '[]')
            FROM contact_point AS p
            WHERE p.customer_id = c.customer_id
        ),
        'people', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'person_id', p.person_id,
                'name', p.name,
                'role', p.role,
                'valid_from', p.valid_from,
                'valid_to', p.valid_to,
                'added_at', p.added_at,
                'removed_at', p.removed_at
            ) ORDER BY p.position), '[]')
            FROM contact_person AS p
            WHERE p.customer_id = c.customer_id
        ),
        'relations', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'other_id', r.other_id,
                'kind', r.kind,
                'valid_from', r.valid_from,
                'valid_to', r.valid_to,
                'ended_at', r.ended_at
            ) ORDER BY r.position), '[]')
            FROM relation AS r
            WHERE r.customer_id = c.customer_id
        ),
        'subscriptions', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'subscription_id', s.subscription_id,
                'status', s.status,
                'plan', s.plan,
                -- as text, which keeps its digits
                'mrr', s.mrr::text,
                'currency', s.currency,
                'started_on', s.started_on,
                'renews_on', s.renews_on,
                'ends_on', s.ends_on,
                'ended_on', s.ended_on
            ) ORDER BY s.position), '[]')
            FROM subscription AS s
            WHERE s.customer_id = c.customer_id
        )
    ) AS parts
FROM customer_360 AS c
WHERE c.customer_id = coalesce(
    (SELECT a.root_customer_id FROM customer_alias AS a WHERE a.customer_id = %(customer_id)s),
    %(customer_id)s
)
