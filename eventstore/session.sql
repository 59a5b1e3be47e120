-- Whose session it is, while it lasts. That it is used is written down once a minute; being looked at is no use.
WITH held AS (
    SELECT
        s.token_digest,
        s.member_id,
        s.last_seen_at
    FROM access.session AS s
    WHERE s.token_digest = %(session)s
        AND s.expires_at > clock_timestamp()
        AND s.last_seen_at > clock_timestamp() - %(idle)s::interval
        -- a session ends with its member's time here, whoever ended that and by which way
        AND NOT EXISTS (
            SELECT
            FROM log.event AS e
            WHERE e.part_id = s.member_id
                AND e.type = 'workspace.member_deactivated'
                AND e.recorded_at >= s.opened_at
        )
), seen AS (
    UPDATE access.session AS s
    SET last_seen_at = clock_timestamp()
    FROM held AS h
    WHERE s.token_digest = h.token_digest
        AND %(is_use)s
        AND h.last_seen_at < clock_timestamp() - interval '1 minute'
)
SELECT member_id
FROM held
