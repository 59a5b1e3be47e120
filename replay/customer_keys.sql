SELECT
    {key} AS key,
    count(*) AS events
FROM history
WHERE {key} IS NOT NULL
GROUP BY {key}
