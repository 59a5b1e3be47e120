UPDATE replay.checkpoint AS moved
SET
    position = %(position)s,
    has_parked = EXISTS (
        SELECT
        FROM replay.parked
        WHERE parked.projection = moved.projection
            AND parked.schema_name = moved.schema_name
    )
WHERE moved.projection = %(projection)s
    AND moved.schema_name = %(schema)s
