SELECT
    definition,
    position,
    has_parked
FROM replay.checkpoint
WHERE projection = %s
    AND schema_name = %s
FOR UPDATE {}
