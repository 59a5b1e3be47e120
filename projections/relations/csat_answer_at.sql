-- question: How content did customers say they are, by as_of, and which tickets could they have been asked about?
-- reads: survey_answer ticket_status_interval ticket workspace_member
-- groups: priority category channel assignee team

-- One row per answer in the period, of a ticket the last one, and one per ticket that was solved in the period. Channel
-- is today's; priority, category, assignee and team are those at as_of.
WITH solved AS (
    SELECT DISTINCT ticket_id
    FROM (
        SELECT
            ticket_id,
            valid_from,
            is_solved,
            lag(is_solved) OVER (PARTITION BY ticket_id ORDER BY valid_from) AS before
        FROM (
            SELECT
                ticket_id,
                valid_from,
                coalesce(status IN ('solved', 'closed') AND NOT is_spam, false) AS is_solved
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
    ) AS turned
    WHERE is_solved
        AND before IS NOT TRUE
        AND valid_from >= %(period_from)s
        AND valid_from < %(period_to)s
), rating AS (
    -- who thinks again about a ticket has said one thing
    SELECT DISTINCT ON (ticket_id)
        ticket_id,
        position,
        score,
        answered_at
    FROM survey_answer
    WHERE survey = 'csat'
        AND answered_at <= %(as_of)s
        AND ticket_id IS NOT NULL
    ORDER BY ticket_id, position DESC
), answer AS (
    SELECT
        ticket_id,
        position,
        score,
        answered_at,
        solved.ticket_id IS NOT NULL AS is_solved
    FROM rating
    FULL JOIN solved USING (ticket_id)
    UNION ALL
    -- an answer about no ticket is one by itself
    SELECT
        NULL AS ticket_id,
        position,
        score,
        answered_at,
        false AS is_solved
    FROM survey_answer
    WHERE survey = 'csat'
        AND answered_at <= %(as_of)s
        AND ticket_id IS NULL
)
SELECT
    asked.*,
    grouped.group_key,
    CASE %(group_by)s::text WHEN 'assignee' THEN m.name ELSE grouped.group_key END AS group_label
FROM (
    SELECT *
    FROM answer
    WHERE is_solved
        OR (answered_at >= %(period_from)s AND answered_at < %(period_to)s)
) AS asked
LEFT JOIN ticket_status_interval AS i
    ON i.ticket_id = asked.ticket_id
    AND i.valid_from <= %(as_of)s
    AND (i.valid_to IS NULL OR i.valid_to > %(as_of)s)
LEFT JOIN ticket AS t
    ON t.ticket_id = asked.ticket_id
LEFT JOIN workspace_member AS m
    ON m.member_id = i.assignee_id
CROSS JOIN LATERAL (
    SELECT CASE %(group_by)s::text
        WHEN 'priority' THEN i.priority
        WHEN 'category' THEN i.category
        WHEN 'channel' THEN t.channel
        WHEN 'assignee' THEN i.assignee_id::text
        WHEN 'team' THEN i.team
    END
) AS grouped (group_key)
-- a ticket that was merged counts where its work goes on, and spam counts nowhere
WHERE i.status IS DISTINCT FROM 'merged'
    AND i.is_spam IS NOT TRUE
