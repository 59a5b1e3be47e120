-- question: Who works here, and what may they do?
-- key: part_id AS member_id
-- types: workspace.member_invited workspace.member_role_granted workspace.member_role_revoked workspace.member_joined_team workspace.member_left_team workspace.member_deactivated

WITH member AS (
    SELECT
        part_id,
        customer_id,
        (array_agg(personal ORDER BY position DESC) FILTER (WHERE type = 'workspace.member_invited'))[1] AS invited,
        (array_agg(occurred_at ORDER BY position DESC) FILTER (WHERE type = 'workspace.member_invited'))[1] AS invited_at,
        (array_agg(CASE WHEN type = 'workspace.member_deactivated' THEN occurred_at END ORDER BY position DESC)
            FILTER (WHERE type IN ('workspace.member_invited', 'workspace.member_deactivated')))[1] AS deactivated_at,
        max(position) FILTER (WHERE type = 'workspace.member_deactivated') AS deactivated_position
    FROM history
    GROUP BY part_id, customer_id
), role AS (
    SELECT
        part_id,
        data->>'role' AS role,
        max(position) FILTER (WHERE type = 'workspace.member_role_granted') AS granted_position,
        max(position) FILTER (WHERE type = 'workspace.member_role_revoked') AS revoked_position
    FROM history
    WHERE type IN ('workspace.member_role_granted', 'workspace.member_role_revoked')
    GROUP BY part_id, data->>'role'
), held AS (
    SELECT
        r.part_id,
        array_agg(r.role ORDER BY r.role) AS roles
    FROM role AS r
    JOIN member AS m
        ON m.part_id = r.part_id
    -- who leaves loses all roles, and gets none back by being invited again
    WHERE r.granted_position > greatest(coalesce(r.revoked_position, 0), coalesce(m.deactivated_position, 0))
    GROUP BY r.part_id
), joined AS (
    SELECT DISTINCT ON (part_id, data->>'team')
        part_id,
        data->>'team' AS team,
        type,
        position
    FROM history
    WHERE type IN ('workspace.member_joined_team', 'workspace.member_left_team')
    ORDER BY part_id, data->>'team', position DESC
), together AS (
    SELECT
        j.part_id,
        array_agg(j.team ORDER BY j.team) AS teams
    FROM joined AS j
    JOIN member AS m
        ON m.part_id = j.part_id
    WHERE j.type = 'workspace.member_joined_team'
        AND j.position > coalesce(m.deactivated_position, 0)
    GROUP BY j.part_id
)
SELECT
    m.part_id AS member_id,
    m.customer_id,
    nullif(m.invited->'name', '{"forgotten": true}') #>> '{}' AS name,
    coalesce(h.roles, '{}') AS roles,
    coalesce(t.teams, '{}') AS teams,
    m.invited_at,
    m.deactivated_at
FROM member AS m
LEFT JOIN held AS h
    ON h.part_id = m.part_id
LEFT JOIN together AS t
    ON t.part_id = m.part_id
WHERE m.invited_at IS NOT NULL
