-- open leads that are nobody's, the newest first
SELECT
    l.lead_id,
    l.title,
    l.source,
    l.captured_at,
    l.amount,
    l.currency,
    l.customer_id,
    c.name AS customer_name,
    l.unowned
FROM (
    SELECT
        lead.*,
        count(*) OVER () AS unowned
    FROM lead
    WHERE owner_id IS NULL
        AND status = 'open'
    ORDER BY captured_at DESC, lead_id DESC
    LIMIT %(limit)s
) AS l
LEFT JOIN customer_alias AS a
    ON a.customer_id = l.customer_id
LEFT JOIN customer_360 AS c
    ON c.customer_id = coalesce(a.root_customer_id, l.customer_id)
ORDER BY l.captured_at DESC, l.lead_id DESC
