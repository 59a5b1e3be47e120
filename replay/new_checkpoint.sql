INSERT INTO replay.checkpoint (
    projection, schema_name, definition, source, held_against, position, rebuilt_at, tables, events_a_second
)
VALUES (
    %(projection)s, 'public', %(definition)s, %(source)s, %(held_against)s, %(position)s, clock_timestamp(), %(tables)s,
    %(events_a_second)s
)
