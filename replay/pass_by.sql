UPDATE replay.checkpoint AS passed
SET position = %(head)s
FROM (
    SELECT behind.projection
    FROM replay.checkpoint AS behind
    JOIN jsonb_to_recordset(%(models)s::jsonb) AS model (projection text, definition text, types text[])
        ON model.projection = behind.projection
        AND model.definition = behind.definition
    WHERE behind.position > 0
        AND behind.position < %(head)s
        AND behind.position >= %(head)s - %(chunk)s
        AND NOT EXISTS (
            SELECT
            FROM log.event
            WHERE event.position > behind.position
                AND event.position <= %(head)s
                AND event.type = ANY (model.types)
        )
    -- whose turn it is with a read model goes on with it
    FOR UPDATE OF behind SKIP LOCKED
) AS quiet
WHERE passed.projection = quiet.projection
