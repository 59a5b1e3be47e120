-- customers who may leave us, whoever was told so last first
SELECT
    customer_id,
    name,
    status_since,
    owner_id,
    mrr,
    count(*) OVER () AS at_risk
FROM customer_360
WHERE status = 'at_risk'
    AND (%(owner_id)s::uuid IS NULL OR owner_id = %(owner_id)s)
ORDER BY status_since DESC NULLS LAST, customer_id
LIMIT %(limit)s
