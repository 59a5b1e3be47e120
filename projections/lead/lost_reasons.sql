-- why leads were lost in the last ninety days before a moment, the most frequent reason first
SELECT
    coalesce(lower(trim(lost_reason)), '') AS reason,
    count(*) AS leads
FROM lead
WHERE status = 'lost'
    AND closed_at > %(at)s - interval '90 days'
    AND closed_at <= %(at)s
    AND pipeline = %(pipeline)s
    AND (%(owner_id)s::uuid IS NULL OR owner_id = %(owner_id)s)
    AND (%(team)s::text IS NULL OR team = %(team)s)
    AND (%(source)s::text IS NULL OR source = %(source)s)
GROUP BY coalesce(lower(trim(lost_reason)), '')
ORDER BY count(*) DESC, 1
LIMIT 6
