UPDATE replay.rebuild
SET
    horizon = %(horizon)s,
    fold = 0,
    cuts = NULL,
    cuts_done = 0,
    indexes = %(indexes)s,
    events = %(events)s,
    events_once = %(events_once)s,
    events_done = 0,
    rows = 0,
    seconds = 0,
    phase = 'folding',
    updated_at = clock_timestamp()
WHERE projection = %(projection)s
