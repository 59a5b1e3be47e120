-- question: What did customers answer in the period, as far as as_of, and for which of them was a ticket solved in it?
-- reads: survey_answer ticket_status_interval
-- builds on: customer_group
-- groups: segment owner team source

-- One row per answer, and one without an answer per customer for whom a ticket was solved. `subject_id` is who answered:
-- one of the customer's people, or the customer. Segment, owner, team and source are today's.
SELECT
    told.*,
    CASE WHEN %(group_by)s::text IS NOT NULL THEN g.group_key END AS group_key,
    CASE WHEN %(group_by)s::text IS NOT NULL THEN g.group_label END AS group_label
FROM (
    SELECT
        survey,
        customer_id,
        coalesce(person_id, customer_id) AS subject_id,
        position,
        score,
        answered_at
    FROM survey_answer
    WHERE answered_at >= %(period_from)s
        AND answered_at < %(period_to)s
        AND answered_at <= %(as_of)s
    UNION ALL
    SELECT DISTINCT
        NULL AS survey,
        i.customer_id,
        i.customer_id AS subject_id,
        NULL::bigint AS position,
        NULL::integer AS score,
        NULL::timestamptz AS answered_at
    FROM ticket_status_interval AS i
    JOIN ticket_status_interval AS here
        ON here.ticket_id = i.ticket_id
        AND here.valid_from <= %(as_of)s
        AND (here.valid_to IS NULL OR here.valid_to > %(as_of)s)
    WHERE i.status IN ('solved', 'closed')
        AND NOT i.is_spam
        AND i.valid_from >= %(period_from)s
        AND i.valid_from < %(period_to)s
        AND i.valid_from <= %(as_of)s
        -- a ticket that is closed once it was solved is not solved again by that
        AND NOT EXISTS (
            SELECT
            FROM ticket_status_interval AS earlier
            WHERE earlier.ticket_id = i.ticket_id
                AND earlier.valid_to = i.valid_from
                AND earlier.status IN ('solved', 'closed')
                AND NOT earlier.is_spam
        )
        -- a ticket that was merged counts where its work goes on, and spam counts nowhere
        AND here.status <> 'merged'
        AND NOT here.is_spam
) AS told
LEFT JOIN customer_group AS g
    ON g.customer_id = told.customer_id

-- span
SELECT
    min(answered_at) AS first_at,
    max(answered_at) AS last_at
FROM survey_answer
WHERE answered_at <= %(as_of)s
