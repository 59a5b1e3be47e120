SELECT
    p.purchase_id,
    p.stream_id,
    p.customer_id,
    c.name AS customer_name,
    p.currency,
    p.purchased_at,
    p.total,
    p.refunded,
    p.net,
    p.refunded_at,
    p.lines,
    p.external_id,
    p.position
FROM purchase AS p
LEFT JOIN customer_alias AS a
    ON a.customer_id = p.customer_id
LEFT JOIN customer_360 AS c
    ON c.customer_id = coalesce(a.root_customer_id, p.customer_id)
ORDER BY p.purchase_id, p.stream_id, p.currency
