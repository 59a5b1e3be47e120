-- what the open leads can be chosen by
SELECT
    array_agg(DISTINCT pipeline) FILTER (WHERE pipeline IS NOT NULL) AS pipelines,
    array_agg(DISTINCT team) FILTER (WHERE team IS NOT NULL) AS teams,
    array_agg(DISTINCT source) FILTER (WHERE source IS NOT NULL) AS sources
FROM lead
WHERE status = 'open'
