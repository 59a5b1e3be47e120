INSERT INTO replay.asof (position, definitions, bytes, made_at, used_at)
VALUES (%(position)s, %(definitions)s, %(bytes)s, clock_timestamp(), clock_timestamp())
ON CONFLICT (position) DO UPDATE SET
    definitions = asof.definitions || excluded.definitions,
    bytes = excluded.bytes,
    used_at = excluded.used_at
