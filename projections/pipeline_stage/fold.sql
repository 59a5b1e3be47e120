-- question: Which stages do leads go through, in which order?
-- key: stream_id AS customer_id
-- types: workspace.pipeline_published

WITH published AS (
    SELECT DISTINCT ON (data->'pipeline'->>'name', data->'pipeline'->>'version')
        customer_id,
        data->'pipeline' AS pipeline,
        occurred_at AS published_at,
        position = max(position) OVER (PARTITION BY data->'pipeline'->>'name') AS is_current
    FROM history
    ORDER BY data->'pipeline'->>'name', data->'pipeline'->>'version', position DESC
)
SELECT
    p.customer_id,
    p.pipeline->>'name' AS pipeline,
    (p.pipeline->>'version')::integer AS version,
    s.place::integer AS place,
    s.stage->>'name' AS stage,
    (s.stage->>'probability')::numeric AS probability,
    p.published_at,
    p.is_current
FROM published AS p
CROSS JOIN LATERAL jsonb_array_elements(p.pipeline->'stages') WITH ORDINALITY AS s (stage, place)
