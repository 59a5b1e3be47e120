INSERT INTO replay.asof (position, definitions, bytes, made_at, used_at)
VALUES (%(position)s, '{}', 0, clock_timestamp(), clock_timestamp())
ON CONFLICT (position) DO NOTHING
