SELECT
    p.person_id,
    p.customer_id,
    c.name AS customer_name,
    p.name,
    p.role,
    p.valid_from,
    p.valid_to,
    p.added_at,
    p.removed_at,
    (
        SELECT coalesce(jsonb_agg(jsonb_build_object(
            'kind', t.kind,
            'written', t.written,
            'normalised', t.normalised,
            'extension', t.extension,
            'label', t.label,
            'is_primary', t.is_primary
        ) ORDER BY t.position, t.point_id), '[]')
        FROM contact_point AS t
        WHERE t.customer_id = p.customer_id
            AND t.person_id = p.person_id
    ) AS contact_points
FROM contact_person AS p
LEFT JOIN customer_360 AS c
    ON c.customer_id = p.customer_id
ORDER BY p.customer_id, p.person_id
