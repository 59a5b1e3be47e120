SELECT customer_id
FROM customer_360
WHERE customer_id >= %(first)s
ORDER BY customer_id
LIMIT %(limit)s
