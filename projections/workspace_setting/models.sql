-- What was each model found to be, the last time that it was fitted?
SELECT
    name,
    version,
    definition,
    published_at,
    position
FROM workspace_setting
WHERE kind = 'model'
    AND is_current
ORDER BY name
