-- What is taken counts as verified from now on, so that nobody else takes it; what it was found to be comes later.
UPDATE replay.checkpoint AS taken
SET verified_at = clock_timestamp()
FROM (
    SELECT projection
    FROM replay.checkpoint
    WHERE schema_name = 'public'
        AND projection = ANY(%(names)s)
        AND position > 0
        AND coalesce(verified_at, rebuilt_at) < clock_timestamp() - %(every)s::interval
    ORDER BY coalesce(verified_at, rebuilt_at)
    LIMIT 1
    FOR UPDATE SKIP LOCKED
) AS due
WHERE taken.projection = due.projection
    AND taken.schema_name = 'public'
RETURNING taken.projection
