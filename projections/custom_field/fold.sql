-- question: Which fields of its own has the company given its records?
-- key: stream_id AS customer_id
-- types: workspace.custom_field_defined workspace.custom_field_retired

WITH field AS (
    SELECT
        customer_id,
        coalesce(data->'custom_field'->>'noun', data->>'noun') AS noun,
        coalesce(data->'custom_field'->>'field_id', data->>'field_id') AS field_id,
        (array_agg(data->'custom_field' ORDER BY position DESC) FILTER (WHERE type = 'workspace.custom_field_defined'))[1] AS definition,
        (array_agg(occurred_at ORDER BY position DESC) FILTER (WHERE type = 'workspace.custom_field_defined'))[1] AS defined_at,
        (array_agg(type ORDER BY position DESC))[1] = 'workspace.custom_field_retired' AS is_retired
    FROM history
    GROUP BY 1, 2, 3
)
SELECT
    customer_id,
    noun,
    field_id,
    (definition->>'version')::integer AS version,
    definition->>'label' AS label,
    definition->>'kind' AS kind,
    (definition->>'is_personal')::boolean AS is_personal,
    ARRAY(SELECT jsonb_array_elements_text(definition->'choices')) AS choices,
    definition->>'refers_to' AS refers_to,
    defined_at,
    is_retired
FROM field
WHERE definition IS NOT NULL
