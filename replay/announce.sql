INSERT INTO replay.rebuild (
    projection, definition, phase, wanted, horizon, fold, cuts_done, indexes, events, events_done, rows, seconds,
    updated_at
)
VALUES (
    %(projection)s, %(definition)s, 'waiting', 'run', 0, 0, 0, '{}', '{}', 0, 0, 0, clock_timestamp()
)
ON CONFLICT (projection) DO UPDATE
SET
    definition = excluded.definition,
    phase = excluded.phase,
    wanted = excluded.wanted,
    seconds = excluded.seconds
