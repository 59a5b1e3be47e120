SELECT
    projection,
    definition,
    position,
    rebuilt_at,
    tables
FROM replay.checkpoint
