-- A table's indexes, and how each is made; those of a constraint are made by it.
SELECT
    index_.relname AS name,
    c.conname IS NOT NULL AS is_constraint,
    coalesce(pg_get_constraintdef(c.oid), pg_get_indexdef(i.indexrelid)) AS definition
FROM pg_index AS i
JOIN pg_class AS index_
    ON index_.oid = i.indexrelid
LEFT JOIN pg_constraint AS c
    ON c.conindid = i.indexrelid
    AND c.conrelid = i.indrelid
    AND c.contype IN ('p', 'u')
WHERE i.indrelid = %(table)s::regclass
ORDER BY index_.relname
