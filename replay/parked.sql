SELECT
    projection AS read_model,
    table_name AS "table",
    key,
    position,
    error,
    parked_at
FROM replay.parked
WHERE projection = ANY(%(names)s)
    AND schema_name = %(schema)s
ORDER BY read_model, "table", key
