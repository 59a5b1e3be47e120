-- question: When was each ticket solved, and did it stay so until as_of?
-- reads: ticket_status_interval ticket workspace_member
-- groups: priority category channel assignee team

-- One row for each time that a ticket was solved, of the tickets solved in the period; of any other ticket that is
-- unsolved one row that names no time. A ticket that is closed once it was solved is not solved again by that, and one that was taken for
-- spam is not reopened by coming back. Channel is today's; priority, category, assignee and team are those at as_of.
SELECT
    here.ticket_id,
    here.opened_at,
    here.status IN ('new', 'open', 'pending', 'on_hold') AS is_unsolved,
    solving.number,
    solving.position,
    solving.solved_at,
    solving.next_at IS NULL AS is_standing,
    solving.waited,
    CASE WHEN solving.next_state = 'unsolved' THEN solving.next_at END AS reopened_at,
    CASE WHEN solving.next_state = 'unsolved' THEN solving.next_position END AS reopened_position,
    -- how long it was open again, where it was solved again
    CASE
        WHEN solving.next_state = 'unsolved' AND solving.next_but_one_state = 'solved' THEN solving.next_but_one_at - solving.next_at
    END AS reopened_for,
    grouped.group_key,
    CASE %(group_by)s::text WHEN 'assignee' THEN m.name ELSE grouped.group_key END AS group_label
FROM ticket_status_interval AS here
LEFT JOIN ticket AS t
    ON t.ticket_id = here.ticket_id
LEFT JOIN workspace_member AS m
    ON m.member_id = here.assignee_id
LEFT JOIN (
    SELECT
        *,
        row_number() OVER (PARTITION BY ticket_id ORDER BY solved_at) AS number
    FROM (
        SELECT
            ticket_id,
            state,
            status_position AS position,
            valid_from AS solved_at,
            waited,
            lead(state) OVER in_time AS next_state,
            lead(valid_from) OVER in_time AS next_at,
            lead(status_position) OVER in_time AS next_position,
            lead(state, 2) OVER in_time AS next_but_one_state,
            lead(valid_from, 2) OVER in_time AS next_but_one_at
        FROM (
            SELECT
                *,
                lag(state) OVER in_time AS before,
                -- while it is pending, we wait for the customer, and she not for us
                sum(CASE WHEN status IN ('new', 'open', 'on_hold') THEN valid_to - valid_from ELSE interval '0' END) OVER (
                    PARTITION BY ticket_id
                    ORDER BY valid_from
                    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                ) AS waited
            FROM (
                SELECT
                    *,
                    CASE
                        WHEN is_spam THEN 'spam'
                        WHEN status IN ('solved', 'closed') THEN 'solved'
                        WHEN status IN ('new', 'open', 'pending', 'on_hold') THEN 'unsolved'
                    END AS state
                FROM ticket_status_interval
                WHERE valid_from <= %(as_of)s
                    AND ticket_id IN (
                        SELECT s.ticket_id
                        FROM ticket_status_interval AS s
                        WHERE s.status IN ('solved', 'closed')
                            AND s.valid_from >= %(period_from)s
                            AND s.valid_from < %(period_to)s
                    )
            ) AS stated
            WINDOW in_time AS (PARTITION BY ticket_id ORDER BY valid_from)
        ) AS turned
        WHERE state IS DISTINCT FROM before
        WINDOW in_time AS (PARTITION BY ticket_id ORDER BY valid_from)
    ) AS spell
    WHERE state = 'solved'
) AS solving
    ON solving.ticket_id = here.ticket_id
CROSS JOIN LATERAL (
    SELECT CASE %(group_by)s::text
        WHEN 'priority' THEN here.priority
        WHEN 'category' THEN here.category
        WHEN 'channel' THEN t.channel
        WHEN 'assignee' THEN here.assignee_id::text
        WHEN 'team' THEN here.team
    END
) AS grouped (group_key)
-- a ticket that was merged counts where its work goes on, and spam counts nowhere
WHERE here.status <> 'merged'
    AND NOT here.is_spam
    AND (solving.number IS NOT NULL OR here.status IN ('new', 'open', 'pending', 'on_hold'))
    AND here.valid_from <= %(as_of)s
    AND (here.valid_to IS NULL OR here.valid_to > %(as_of)s)
