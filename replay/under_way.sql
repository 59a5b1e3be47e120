SELECT
    projection AS read_model,
    phase,
    wanted,
    coalesce((SELECT sum(n) FROM unnest(events) AS n), 0)::bigint AS events,
    events_done,
    seconds
FROM replay.rebuild
ORDER BY phase = 'waiting', projection
