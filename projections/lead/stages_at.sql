-- per stage and currency, what the leads added up to that were open at a moment
SELECT
    i.stage,
    i.currency,
    count(*) AS leads,
    sum(i.amount) AS amount,
    sum(i.amount * i.probability) AS weighted_amount
FROM lead_stage_interval AS i
INNER JOIN lead AS l
    ON l.lead_id = i.lead_id
WHERE i.valid_from <= %(at)s
    AND (i.valid_to IS NULL OR i.valid_to > %(at)s)
    AND i.status = 'open'
    AND i.pipeline = %(pipeline)s
    AND (%(owner_id)s::uuid IS NULL OR i.owner_id = %(owner_id)s)
    AND (%(team)s::text IS NULL OR i.team = %(team)s)
    AND (%(source)s::text IS NULL OR l.source = %(source)s)
GROUP BY i.stage, i.currency
ORDER BY i.stage, i.currency
