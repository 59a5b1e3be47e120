SELECT
    stage,
    currency,
    count(*) AS leads,
    sum(amount) AS amount,
    sum(amount * probability) AS weighted_amount
FROM lead
WHERE status = 'open'
    AND pipeline = %(pipeline)s
    AND (%(owner_id)s::uuid IS NULL OR owner_id = %(owner_id)s)
    AND (%(team)s::text IS NULL OR team = %(team)s)
    AND (%(source)s::text IS NULL OR source = %(source)s)
GROUP BY stage, currency
ORDER BY stage, currency
