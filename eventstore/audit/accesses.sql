-- The newest first; whoever was shown several who are one was shown each of them.
SELECT
    customer_id,
    request_id,
    accessed_at,
    actor,
    way
FROM access.personal_access
WHERE customer_id = ANY (%(customers)s)
    AND (%(before)s::uuid IS NULL OR (request_id, customer_id) < (%(before)s::uuid, %(before_customer)s::uuid))
ORDER BY request_id DESC, customer_id DESC
LIMIT %(limit)s
