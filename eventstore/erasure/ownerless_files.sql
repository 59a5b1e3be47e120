SELECT count(*) AS files
FROM pg_database AS d
CROSS JOIN LATERAL pg_ls_dir('base/' || d.oid) AS file (name)
CROSS JOIN LATERAL pg_stat_file('base/' || d.oid || '/' || file.name, true) AS found
WHERE d.datname = current_database()
    AND file.name ~ '^[0-9]+$'
    AND found.size > 0
    AND pg_filenode_relation(0, file.name::oid) IS NULL
