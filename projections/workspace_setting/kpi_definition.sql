-- The parameters and the target of a figure that the workspace had published last by then, and what the target is.
SELECT
    definition->'parameters' AS parameters,
    (definition->>'target')::numeric AS target,
    definition->>'target_is' AS target_is
FROM workspace_setting
WHERE kind = 'kpi_definition'
    AND name = %(slug)s
    AND published_at <= %(as_of)s
ORDER BY version DESC
LIMIT 1
