-- question: Which settings hold, and which held before?
-- key: stream_id AS customer_id
-- types: workspace.pipeline_published workspace.business_calendar_published workspace.sla_policy_published workspace.segment_defined workspace.assignment_rule_published workspace.kpi_definition_published workspace.model_fitted

WITH setting AS (
    SELECT
        customer_id,
        position,
        occurred_at,
        CASE type
            WHEN 'workspace.pipeline_published' THEN 'pipeline'
            WHEN 'workspace.business_calendar_published' THEN 'business_calendar'
            WHEN 'workspace.sla_policy_published' THEN 'sla_policy'
            WHEN 'workspace.segment_defined' THEN 'segment'
            WHEN 'workspace.assignment_rule_published' THEN 'assignment_rule'
            WHEN 'workspace.kpi_definition_published' THEN 'kpi_definition'
            WHEN 'workspace.model_fitted' THEN 'model'
        END AS kind,
        coalesce(data->'pipeline', data->'calendar', data->'policy', data) AS definition,
        CASE type
            WHEN 'workspace.segment_defined' THEN '{groups}'::text[]
            WHEN 'workspace.assignment_rule_published' THEN '{steps}'
        END AS personal_part,
        personal
    FROM history
), named AS (
    SELECT
        *,
        coalesce(definition->>'name', definition->>'kpi', definition->>'model') AS name,
        (definition->>'version')::integer AS version
    FROM setting
)
SELECT DISTINCT ON (kind, name, version)
    customer_id,
    kind,
    name,
    version,
    CASE
        WHEN personal_part IS NULL THEN definition
        -- conditions may name somebody, so they can be forgotten
        ELSE jsonb_set(definition, personal_part, coalesce(nullif(personal #> personal_part, '{"forgotten": true}'), 'null'))
    END AS definition,
    occurred_at AS published_at,
    position = max(position) OVER (PARTITION BY kind, name) AS is_current,
    position
FROM named
ORDER BY kind, name, version, position DESC
