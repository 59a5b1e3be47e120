WITH boundary AS (
    SELECT age(%(boundary)s::xid) AS age
), holder AS (
    SELECT
        format('SELECT pg_terminate_backend(%%s)', pid) AS statement,
        'End the session' AS what,
        xact_start AS since,
        datname <> current_database() AS is_elsewhere,
        -- what somebody still sees in another database is no matter, but every snapshot, also that by which a table is
        -- written anew, reaches back to the oldest transaction that writes anywhere
        CASE WHEN datname = current_database() OR backend_type = 'walsender'
            THEN greatest(age(backend_xmin), age(backend_xid))
            ELSE age(backend_xid)
        END AS age
    FROM pg_stat_activity
    WHERE pid <> pg_backend_pid()
    UNION ALL
    SELECT
        format('ROLLBACK PREPARED %%L', gid),
        format('End the prepared transaction in the database %%I', database),
        prepared,
        database <> current_database(),
        age(transaction)
    FROM pg_prepared_xacts
    UNION ALL
    SELECT
        format('SELECT pg_drop_replication_slot(%%L)', slot_name),
        'Let the replica catch up or drop the replication slot',
        NULL,
        false,
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
ORDER BY
    holder.is_elsewhere,
    holder.since
