SELECT
    name,
    name < pg_walfile_name(pg_current_wal_lsn()) AS is_behind
FROM pg_ls_waldir()
WHERE name ~ '^[0-9A-F]{24}$'
