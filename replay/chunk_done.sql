UPDATE replay.rebuild
SET
    cuts_done = %(cuts_done)s,
    events_done = %(events_done)s,
    rows = rows + %(rows)s,
    seconds = seconds + %(seconds)s,
    updated_at = clock_timestamp()
WHERE projection = %(projection)s
