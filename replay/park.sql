INSERT INTO replay.parked (projection, schema_name, table_name, key, position, error, parked_at)
VALUES (%(projection)s, %(schema)s, %(table)s, %(key)s, %(position)s, %(error)s, clock_timestamp())
