SELECT key
FROM (
    SELECT
        {key} AS key,
        row_number() OVER (ORDER BY {key}) AS number
    FROM log.event
    WHERE position <= %(horizon)s
        AND type = ANY(%(types)s)
        AND {key} IS NOT NULL
) AS numbered
WHERE number %% %(chunk)s = 0
ORDER BY number
