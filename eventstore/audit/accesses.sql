-- The newest first; whoever was shown several who are one was shown each of them, and in how many pieces is no matter.
SELECT DISTINCT ON (noted.request_id, customer.id)
    customer.id AS customer_id,
    noted.request_id,
    noted.accessed_at,
    noted.actor,
    noted.way
FROM access.personal_access AS noted
CROSS JOIN LATERAL unnest(noted.customers) AS customer (id)
WHERE noted.customers && %(customers)s::uuid[]
    AND customer.id = ANY (%(customers)s)
    AND (%(before)s::uuid IS NULL OR (noted.request_id, customer.id) < (%(before)s::uuid, %(before_customer)s::uuid))
ORDER BY noted.request_id DESC, customer.id DESC, noted.accessed_at
LIMIT %(limit)s
