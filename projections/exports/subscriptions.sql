SELECT
    s.subscription_id,
    s.stream_id,
    s.customer_id,
    c.name AS customer_name,
    s.status,
    s.plan,
    s.mrr,
    s.currency,
    s.term_months,
    s.started_on,
    s.changed_on,
    s.renews_on,
    s.ends_on,
    s.ended_on,
    s.paused_until,
    s.voluntary,
    s.cancel_reason,
    s.position
FROM subscription AS s
LEFT JOIN customer_alias AS a
    ON a.customer_id = s.customer_id
LEFT JOIN customer_360 AS c
    ON c.customer_id = coalesce(a.root_customer_id, s.customer_id)
ORDER BY s.stream_id, s.subscription_id
