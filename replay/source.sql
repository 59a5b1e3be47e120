SELECT
    source->>'table' AS "table",
    source->'folds' AS folds,
    tables
FROM replay.checkpoint
WHERE projection = %s
    AND schema_name = %s
