WITH used AS (
    DELETE FROM access.sign_in_link
    WHERE token_digest = %(link)s
        AND expires_at > clock_timestamp()
    RETURNING token_digest
)
INSERT INTO access.session (token_digest, member_id, expires_at)
SELECT %(session)s, %(member_id)s, %(expires_at)s
FROM used
