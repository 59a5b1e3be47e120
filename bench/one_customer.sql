SELECT *
FROM public.customer_360
WHERE customer_id = %(customer_id)s
