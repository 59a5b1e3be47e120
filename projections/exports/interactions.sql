SELECT
    i.stream_id,
    i.interaction_id,
    i.stream_type,
    i.customer_id,
    c.name AS customer_name,
    i.position,
    i.happened_at,
    i.kind,
    i.direction,
    i.about,
    i.duration_seconds,
    i.summary,
    i.outcome,
    i.external_id,
    i.actor,
    i.is_corrected
FROM interaction AS i
LEFT JOIN customer_alias AS a
    ON a.customer_id = i.customer_id
LEFT JOIN customer_360 AS c
    ON c.customer_id = coalesce(a.root_customer_id, i.customer_id)
WHERE %(happened_by)s::timestamptz IS NULL
    OR i.happened_at <= %(happened_by)s
ORDER BY i.stream_id, i.interaction_id
