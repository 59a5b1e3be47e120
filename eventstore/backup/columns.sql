SELECT
    a.attname AS name
FROM pg_attribute AS a
WHERE a.attrelid = to_regclass(%(table)s)
    AND a.attnum > 0
    AND NOT a.attisdropped
    AND a.attgenerated = ''
ORDER BY a.attnum
