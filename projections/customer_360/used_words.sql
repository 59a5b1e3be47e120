-- which words the newest customers are described with, to choose among
SELECT
    described.kind,
    described.word
FROM (
    SELECT
        team,
        segment,
        source,
        tags
    FROM customer_360
    ORDER BY since DESC, customer_id DESC
    LIMIT 2000
) AS c
CROSS JOIN LATERAL (
    SELECT 'team' AS kind, c.team AS word
    UNION ALL
    SELECT 'group', c.segment
    UNION ALL
    SELECT 'source', c.source
    UNION ALL
    SELECT 'tag', unnest(c.tags)
) AS described
WHERE described.word IS NOT NULL
GROUP BY described.kind, described.word
ORDER BY described.kind, count(*) DESC, described.word
LIMIT 200
