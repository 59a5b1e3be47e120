-- question: How long did customers wait for an answer, of those who began to wait in the period, as far as as_of?
-- reads: ticket_reply_cycle ticket_status_interval ticket workspace_member workspace_setting
-- groups: priority category channel assignee team
-- parameter clock: calendar; one of calendar business; whether every hour counts or only those in which the company is open

-- One row per wait. Business time is that of the calendar that the ticket's service level policy names, otherwise of the
-- one called default, otherwise of the first by name; in its version at as_of. Without any calendar a wait has no business
-- time. Channel is today's; priority, category, assignee and team are those at as_of.
WITH wait AS (
    SELECT
        c.ticket_id,
        c.position,
        c.cycle,
        c.asked_at,
        CASE WHEN c.answered_at <= %(as_of)s THEN c.answered_position END AS answered_position,
        least(c.ended_at, %(as_of)s) AS until_at,
        CASE
            WHEN c.answered_at <= %(as_of)s THEN 'answered'
            WHEN c.ended_at <= %(as_of)s THEN 'unanswered'
            ELSE 'open'
        END AS state,
        i.priority,
        i.category,
        t.channel,
        i.assignee_id,
        i.team,
        t.sla_policy,
        t.sla_policy_version
    FROM ticket_reply_cycle AS c
    LEFT JOIN ticket_status_interval AS i
        ON i.ticket_id = c.ticket_id
        AND i.valid_from <= %(as_of)s
        AND (i.valid_to IS NULL OR i.valid_to > %(as_of)s)
    LEFT JOIN ticket AS t
        ON t.ticket_id = c.ticket_id
    WHERE c.asked_at >= %(period_from)s
        AND c.asked_at < %(period_to)s
        AND c.asked_at <= %(as_of)s
        -- a ticket that was merged counts where its work goes on, and spam counts nowhere
        AND i.status IS DISTINCT FROM 'merged'
        AND i.is_spam IS NOT TRUE
), calendar AS (
    SELECT DISTINCT ON (name)
        name,
        definition,
        definition->>'zone' AS zone,
        -- far enough apart for the days of each to have numbers of their own
        dense_rank() OVER (ORDER BY name) * 10000000 AS number
    FROM workspace_setting
    WHERE kind = 'business_calendar'
        AND published_at <= %(as_of)s
        AND %(clock)s::text = 'business'
    ORDER BY name, version DESC
), opening AS (
    SELECT
        c.number,
        days.day::date AS day,
        (days.day::date + (hours.item->>'opens')::interval) AT TIME ZONE c.zone AS opens_at,
        (days.day::date + (hours.item->>'closes')::interval) AT TIME ZONE c.zone AS closes_at
    FROM calendar AS c
    CROSS JOIN LATERAL (
        SELECT
            min(asked_at AT TIME ZONE c.zone)::date AS first_day,
            max(until_at AT TIME ZONE c.zone)::date AS last_day
        FROM wait
    ) AS needed
    CROSS JOIN LATERAL generate_series(needed.first_day::timestamp, needed.last_day::timestamp, interval '1 day') AS days (day)
    LEFT JOIN LATERAL (
        SELECT item
        FROM jsonb_array_elements(c.definition->'special_hours') AS special (item)
        WHERE (item->>'day')::date = days.day::date
        UNION ALL
        SELECT item
        FROM jsonb_array_elements(c.definition->'weekly_hours') AS weekly (item)
        WHERE item->>'weekday' = to_char(days.day, 'FMday')
            -- special hours replace those of the week, and also hold on a holiday
            AND NOT EXISTS (
                SELECT
                FROM jsonb_array_elements((c.definition->'special_hours') || (c.definition->'holidays')) AS other (item)
                WHERE (other.item->>'day')::date = days.day::date
            )
    ) AS hours
        ON true
), open_day AS (
    SELECT
        number + (day - date '2000-01-01') AS day_of_calendar,
        array_agg(opens_at) AS opens_at,
        array_agg(closes_at) AS closes_at,
        coalesce(sum(sum(closes_at - opens_at)) OVER (
            PARTITION BY number
            ORDER BY day
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ), interval '0') AS open_before
    FROM opening
    GROUP BY number, day
)
SELECT
    w.ticket_id,
    w.position,
    w.cycle,
    w.state,
    w.answered_position,
    CASE %(clock)s::text
        WHEN 'business' THEN
            (SELECT until_day.open_before + coalesce(sum(greatest(least(w.until_at, s.closes_at) - s.opens_at, interval '0')), interval '0')
                FROM unnest(until_day.opens_at, until_day.closes_at) AS s (opens_at, closes_at))
            - (SELECT asked_day.open_before + coalesce(sum(greatest(least(w.asked_at, s.closes_at) - s.opens_at, interval '0')), interval '0')
                FROM unnest(asked_day.opens_at, asked_day.closes_at) AS s (opens_at, closes_at))
        ELSE w.until_at - w.asked_at
    END AS waited,
    grouped.group_key,
    CASE %(group_by)s::text WHEN 'assignee' THEN m.name ELSE grouped.group_key END AS group_label
FROM wait AS w
LEFT JOIN workspace_setting AS policy
    ON policy.kind = 'sla_policy'
    AND policy.name = w.sla_policy
    AND policy.version = w.sla_policy_version
LEFT JOIN calendar AS c
    ON c.name = coalesce(
        policy.definition->>'calendar',
        (SELECT name FROM calendar ORDER BY name <> 'default', name LIMIT 1)
    )
LEFT JOIN open_day AS asked_day
    ON asked_day.day_of_calendar = c.number + ((w.asked_at AT TIME ZONE c.zone)::date - date '2000-01-01')
LEFT JOIN open_day AS until_day
    ON until_day.day_of_calendar = c.number + ((w.until_at AT TIME ZONE c.zone)::date - date '2000-01-01')
LEFT JOIN workspace_member AS m
    ON m.member_id = w.assignee_id
CROSS JOIN LATERAL (
    SELECT CASE %(group_by)s::text
        WHEN 'priority' THEN w.priority
        WHEN 'category' THEN w.category
        WHEN 'channel' THEN w.channel
        WHEN 'assignee' THEN w.assignee_id::text
        WHEN 'team' THEN w.team
    END
) AS grouped (group_key)

-- span
SELECT
    min(asked_at) AS first_at,
    max(asked_at) AS last_at
FROM ticket_reply_cycle
WHERE asked_at <= %(as_of)s
