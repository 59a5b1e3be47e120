SELECT
    clock_timestamp() AS made_at,
    (SELECT epoch FROM log.epoch ORDER BY started_at DESC LIMIT 1) AS epoch,
    (SELECT last_value - (NOT is_called)::integer FROM log.event_position) AS last_position,
    (SELECT encode(secret_fingerprint, 'hex') FROM access.installation) AS secret_fingerprint,
    (SELECT array_agg(name ORDER BY name) FROM public.everfold_migration WHERE name ~ '^[0-9]') AS migrations,
    (
        SELECT jsonb_build_object('number', number, 'last_position', last_position, 'seal', encode(seal, 'hex'))
        FROM log.seal
        ORDER BY number DESC
        LIMIT 1
    ) AS newest_seal
