SELECT *
FROM public.lead
WHERE status = 'won'
ORDER BY captured_at DESC
LIMIT 100
