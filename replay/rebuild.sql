SELECT
    definition,
    phase,
    horizon,
    fold,
    cuts,
    cuts_done,
    indexes,
    events,
    rows,
    seconds
FROM replay.rebuild
WHERE projection = %s
