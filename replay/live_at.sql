SELECT
    position,
    has_parked
FROM replay.checkpoint
WHERE projection = %(projection)s
    AND schema_name = 'public'
    AND definition = %(definition)s
    -- where more has happened since than before, to fold it all is less to do
    AND position BETWEEN %(position)s AND 2 * %(position)s
