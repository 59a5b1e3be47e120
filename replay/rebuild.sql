SELECT
    definition,
    phase,
    horizon,
    fold,
    cuts,
    cuts_done,
    indexes,
    events,
    events_once,
    rows,
    seconds
FROM replay.rebuild
WHERE projection = %s
