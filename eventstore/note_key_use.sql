INSERT INTO access.key_use AS known (key_id, last_used_at)
VALUES (%(key_id)s, %(hour)s)
ON CONFLICT (key_id) DO UPDATE
    SET last_used_at = excluded.last_used_at
    WHERE known.last_used_at < excluded.last_used_at
