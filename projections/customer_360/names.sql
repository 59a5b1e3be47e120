SELECT
    customer_id,
    name
FROM customer_360
WHERE customer_id = ANY (%(customer_ids)s::uuid[])
