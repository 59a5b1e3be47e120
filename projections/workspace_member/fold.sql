-- question: Who works here?
-- key: part_id AS member_id
-- types: workspace.member_invited

SELECT
    part_id AS member_id,
    customer_id,
    nullif(personal->'name', '{"forgotten": true}') #>> '{}' AS name,
    occurred_at AS invited_at
FROM history
WHERE type = 'workspace.member_invited'
