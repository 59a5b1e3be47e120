SELECT *
FROM {table}
WHERE customer_id = ANY (%(customer_ids)s::uuid[])
ORDER BY {order} DESC
LIMIT %(limit)s
