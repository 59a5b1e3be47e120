WITH boundary AS (
    SELECT age(%(boundary)s::xid) AS age
), holder AS (
    SELECT
        format('SELECT pg_terminate_backend(%%s)', pid) AS statement,
        'End the session' AS what,
        xact_start AS since,
        greatest(age(backend_xmin), age(backend_xid)) AS age
    FROM pg_stat_activity
    WHERE pid <> pg_backend_pid()
        AND (datname = current_database() OR backend_type = 'walsender')
    UNION ALL
    SELECT
        format('ROLLBACK PREPARED %%L', gid),
        'End the prepared transaction',
        prepared,
        age(transaction)
    FROM pg_prepared_xacts
    WHERE database = current_database()
    UNION ALL
    SELECT
        format('SELECT pg_drop_replication_slot(%%L)', slot_name),
        'Let the replica catch up or drop the replication slot',
        NULL,
        greatest(age(xmin), age(catalog_xmin))
    FROM pg_replication_slots
)
-- another login's session does not show since when, and a slot does not know
SELECT
    holder.what,
    holder.statement,
    coalesce(', which began ' || (clock_timestamp() - holder.since) || ' ago', '') AS began
FROM holder
JOIN boundary
    ON holder.age > boundary.age
ORDER BY holder.since
