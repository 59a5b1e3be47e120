-- All but those that a constraint is made of.
SELECT
    t.relname AS "table",
    x.relname AS name,
    pg_get_indexdef(i.indexrelid) AS definition
FROM pg_index AS i
JOIN pg_class AS x
    ON x.oid = i.indexrelid
JOIN pg_class AS t
    ON t.oid = i.indrelid
JOIN pg_namespace AS n
    ON n.oid = t.relnamespace
WHERE n.nspname = %(schema)s
    AND NOT EXISTS (
        SELECT
        FROM pg_constraint AS c
        WHERE c.conindid = i.indexrelid
    )
ORDER BY t.relname, x.relname
