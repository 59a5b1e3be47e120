-- from when to when the leads have a history
SELECT
    min(valid_from) AS first_at,
    max(valid_from) AS last_at
FROM lead_stage_interval
WHERE valid_from <= %(as_of)s
