WITH history AS NOT MATERIALIZED (
    SELECT *
    FROM log.history AS recorded
    WHERE position <= %(horizon)s
        AND type = ANY(%(types)s)
        AND {scope}
        AND NOT EXISTS (
            SELECT
            FROM log.undone
            WHERE undone.stream_id = recorded.stream_id
                AND undone.version = recorded.version
                AND undone.since_position <= %(horizon)s
            {one_by_one}
        )
)
SELECT
    {columns}
FROM (
    {fold}
) AS folded
