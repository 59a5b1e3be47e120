WITH used AS (
    DELETE FROM access.sign_in_link
    WHERE token_digest = %(link)s
    RETURNING
        member_id,
        made_at,
        expires_at
)
INSERT INTO access.session (token_digest, member_id, expires_at)
SELECT
    %(session)s,
    u.member_id,
    %(expires_at)s
FROM used AS u
WHERE u.expires_at > clock_timestamp()
    -- who left since has no way in, also if she is invited again
    AND NOT EXISTS (
        SELECT
        FROM log.event AS e
        WHERE e.part_id = u.member_id
            AND e.type = 'workspace.member_deactivated'
            AND e.recorded_at >= u.made_at
    )
RETURNING member_id
