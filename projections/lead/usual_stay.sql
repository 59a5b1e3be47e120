-- per stage, how long leads stay there: half of them for at most `usual`, nine of ten for at most `long`; of the last
-- stays that ended in the half year before a moment, for which a few thousand are enough
SELECT
    stage,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY stay) AS usual,
    percentile_cont(0.9) WITHIN GROUP (ORDER BY stay) AS long
FROM (
    SELECT
        i.stage,
        i.valid_to - i.stage_since AS stay
    FROM lead_stage_interval AS i
    WHERE i.status = 'open'
        AND i.pipeline = %(pipeline)s
        AND i.valid_to > %(at)s - interval '180 days'
        AND i.valid_to <= %(at)s
        -- what went on in the same stage, of another worth or owner, is the same stay: asked of the last few thousand rows
        -- one by one, where a join would read them all
        AND (
            SELECT next.stage_position
            FROM lead_stage_interval AS next
            WHERE next.lead_id = i.lead_id
                AND next.valid_from = i.valid_to
                AND next.status = 'open'
            LIMIT 1
        ) IS DISTINCT FROM i.stage_position
    ORDER BY i.valid_to DESC
    LIMIT 3000
) AS ended
GROUP BY stage
HAVING count(*) >= 5
