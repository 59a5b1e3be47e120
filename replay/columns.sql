SELECT
    a.attname AS name,
    format_type(a.atttypid, a.atttypmod) AS type,
    a.attnotnull AS is_needed,
    coalesce(a.attnum = ANY(i.indkey), false) AS is_key
FROM pg_attribute AS a
LEFT JOIN pg_index AS i
    ON i.indrelid = a.attrelid
    AND i.indisprimary
WHERE a.attrelid = to_regclass(%(table)s)
    AND a.attnum > 0
    AND NOT a.attisdropped
ORDER BY a.attnum
