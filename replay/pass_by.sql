UPDATE replay.checkpoint AS passed
SET position = %(head)s
FROM (
    SELECT
        behind.projection,
        behind.schema_name
    FROM replay.checkpoint AS behind
    JOIN jsonb_to_recordset(%(versions)s::jsonb)
        AS version (projection text, schema_name text, definition text, types text[])
        ON version.projection = behind.projection
        AND version.schema_name = behind.schema_name
        AND version.definition = behind.definition
    WHERE behind.position > 0
        AND behind.position < %(head)s
        AND behind.position >= %(head)s - %(chunk)s
        AND NOT EXISTS (
            SELECT
            FROM log.event
            WHERE event.position > behind.position
                AND event.position <= %(head)s
                AND event.type = ANY (version.types)
        )
    -- whose turn it is with a read model goes on with it
    FOR UPDATE OF behind SKIP LOCKED
) AS quiet
WHERE passed.projection = quiet.projection
    AND passed.schema_name = quiet.schema_name
