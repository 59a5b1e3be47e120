WITH history AS NOT MATERIALIZED (
    SELECT *
    FROM log.history
    WHERE position <= %(horizon)s
        AND type = ANY(%(types)s)
        AND {scope}
)
SELECT
    {columns}
FROM (
    {fold}
) AS folded
