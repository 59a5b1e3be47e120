SELECT
    member_id,
    name,
    invited_at
FROM workspace_member
ORDER BY name, member_id
