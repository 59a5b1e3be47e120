-- per stage, how long leads stay there: half of them for at most `usual`, nine of ten for at most `long`; of the stays
-- that ended in the last half year before a moment
SELECT
    stage,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY stay) AS usual,
    percentile_cont(0.9) WITHIN GROUP (ORDER BY stay) AS long
FROM (
    SELECT
        stage,
        max(valid_to) - min(stage_since) AS stay
    FROM lead_stage_interval
    WHERE status = 'open'
        AND pipeline = %(pipeline)s
        AND valid_from > %(at)s - interval '180 days'
        AND valid_to <= %(at)s
    GROUP BY lead_id, stage, stage_position
) AS ended
GROUP BY stage
HAVING count(*) >= 5
