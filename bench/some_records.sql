-- neither the busiest nor the quietest, and a day long past
WITH customers AS (
    SELECT customer_id AS id FROM public.customer_360 WHERE interactions > 0 ORDER BY md5(customer_id::text) LIMIT 8
),
leads AS (
    SELECT lead_id AS id FROM public.lead WHERE status = 'open' ORDER BY md5(lead_id::text) LIMIT 8
),
tickets AS (
    SELECT ticket_id AS id FROM public.ticket ORDER BY md5(ticket_id::text) LIMIT 8
),
day AS (
    SELECT (max(captured_at) AT TIME ZONE 'UTC')::date - 100 AS past FROM public.lead
)
SELECT noun, id, past
FROM (
    SELECT 'customers' AS noun, id FROM customers
    UNION ALL SELECT 'leads', id FROM leads
    UNION ALL SELECT 'tickets', id FROM tickets
) AS records
CROSS JOIN day
