SELECT
    projection,
    schema_name,
    definition,
    held_against,
    position,
    rebuilt_at,
    tables
FROM replay.checkpoint
