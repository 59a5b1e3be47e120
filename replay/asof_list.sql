-- what was asked for last comes first
SELECT
    position,
    definitions,
    bytes,
    made_at,
    used_at
FROM replay.asof
ORDER BY used_at DESC, position
