SELECT
    s.customer_id,
    (s.data ->> 'person_id')::uuid AS person_id
FROM pg_temp.staged AS s
WHERE s.type IN ('customer.forgotten', 'customer.person_forgotten')
ORDER BY s.recorded_at, s.number, s.ordinal
