SELECT
    l.lead_id,
    l.customer_id,
    c.name AS customer_name,
    l.version,
    l.position,
    l.status,
    l.title,
    l.source,
    l.campaign_id,
    l.form,
    l.inbound,
    l.external_ids,
    l.pipeline,
    l.stage,
    l.probability,
    l.forecast_category,
    l.owner_id,
    m.name AS owner_name,
    l.team,
    l.amount,
    l.currency,
    l.product_ids,
    l.expected_close,
    l.recycled_until,
    l.received_at,
    l.captured_at,
    l.contacted_at,
    l.qualified_at,
    l.closed_at,
    l.converted_at,
    l.merged_into,
    l.lost_reason,
    l.competitor,
    l.open_follow_ups,
    l.last_event_at,
    l.flags
FROM lead AS l
LEFT JOIN customer_alias AS a
    ON a.customer_id = l.customer_id
LEFT JOIN customer_360 AS c
    ON c.customer_id = coalesce(a.root_customer_id, l.customer_id)
LEFT JOIN workspace_member AS m
    ON m.member_id = l.owner_id
ORDER BY l.lead_id
