SELECT
    projection,
    definition,
    position,
    rebuilt_at
FROM replay.checkpoint
