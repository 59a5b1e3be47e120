-- neither the busiest nor the quietest
SELECT customer_id
FROM public.customer_360
WHERE interactions > 0
ORDER BY md5(customer_id::text)
LIMIT 1
