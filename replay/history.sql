WITH history AS {kept} (
    SELECT
        recorded.*{root}
    FROM log.history AS recorded
    {aliases}
    WHERE recorded.position <= %(horizon)s
        {happened_by}
        AND recorded.type = ANY(%(types)s)
        AND {scope}
        AND NOT EXISTS (
            SELECT
            FROM log.undone
            WHERE undone.stream_id = recorded.stream_id
                AND undone.version = recorded.version
                AND undone.since_position <= %(horizon)s
            {one_by_one}
        )
    {as_if}
    {order}
){earlier}
SELECT
    {columns}
FROM (
    {fold}
) AS folded
