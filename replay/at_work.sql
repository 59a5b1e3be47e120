-- Of an advisory lock on two numbers, the first is the class and the second, which may be negative, the object.
SELECT work
FROM unnest(%(works)s::text[]) AS work
WHERE EXISTS (
    SELECT
    FROM pg_locks AS held
    WHERE held.locktype = 'advisory'
        AND held.granted
        AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND held.classid = %(turns)s::bigint::oid
        AND held.objid = (hashtext(work)::bigint & 4294967295)::oid
        AND held.objsubid = 2
)
