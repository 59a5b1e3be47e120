SELECT
    pid,
    clock_timestamp() - xact_start AS age
FROM pg_stat_activity
WHERE pid <> pg_backend_pid()
    AND (datname = current_database() OR backend_type = 'walsender')
    AND greatest(age(backend_xmin), age(backend_xid)) > age(%(boundary)s::xid)
ORDER BY xact_start
