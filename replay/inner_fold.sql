WITH history AS NOT MATERIALIZED (
    SELECT *
    FROM history
    WHERE type = ANY({types})
)
SELECT
    {columns}
FROM (
    {fold}
) AS folded
