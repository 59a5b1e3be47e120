UPDATE replay.rebuild
SET
    fold = %(fold)s,
    cuts = NULL,
    cuts_done = 0
WHERE projection = %(projection)s
