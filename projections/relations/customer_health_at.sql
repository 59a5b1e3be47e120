-- question: How did each customer stand with us at the end of the period, or at as_of if that comes first?
-- reads: customer_lifecycle_interval interaction sla_target ticket_status_interval survey_answer subscription_movement
-- builds on: customer_group
-- groups: segment owner team source
-- parameter contact_days: 30; from 1 to 3650; days without an interaction after which a customer is not close to us any more
-- parameter rating_days: 180; from 1 to 3650; days for which a rating says something
-- parameter trend_days: 90; from 1 to 3650; days over which the recurring revenue is compared

-- The rule health@1. One row per customer, with 25, 10 or 0 points for each signal, and null for one of which nothing is
-- known: how long ago the last interaction was, how many unsolved tickets have a broken promise, the mean rating, and
-- whether the monthly recurring revenue fell. Segment, owner, team and source are today's.
WITH moment AS (
    SELECT
        least(%(as_of)s::timestamptz, %(period_to)s::timestamptz) AS until_at,
        (least(%(as_of)s::timestamptz, %(period_to)s::timestamptz) AT TIME ZONE %(zone)s)::date AS until_day
), trend AS (
    SELECT
        customer_id,
        CASE
            -- who left longer ago has no trend
            WHEN NOT bool_or(now_paid > 0 OR then_paid > 0 OR has_paid) THEN NULL
            WHEN bool_and(now_paid <= 0) THEN 0
            WHEN bool_or(now_paid < then_paid) THEN 10
            ELSE 25
        END AS points,
        max(position) AS position
    FROM (
        SELECT
            m.customer_id,
            m.currency,
            (array_agg(m.positions[1] ORDER BY m.effective_on DESC))[1] AS position,
            sum(m.amount) AS now_paid,
            coalesce(sum(m.amount) FILTER (WHERE m.effective_on <= moment.until_day - ceil(%(trend_days)s)::integer), 0) AS then_paid,
            bool_or(m.closing > 0 AND m.effective_on > moment.until_day - ceil(%(trend_days)s)::integer) AS has_paid
        FROM moment
        CROSS JOIN subscription_movement AS m
        WHERE m.effective_on <= (%(as_of)s AT TIME ZONE %(zone)s)::date
            AND m.effective_on < (%(period_to)s AT TIME ZONE %(zone)s)::date
        GROUP BY m.customer_id, m.currency
    ) AS paid
    GROUP BY customer_id
), known AS (
    -- put together by one GROUP BY, because joins of these would be planned as if each brought next to nothing
    SELECT
        customer_id,
        max(life_position) AS life_position,
        count(DISTINCT broken_ticket_id) AS broken_tickets,
        avg(score) AS mean_rating,
        max(revenue) AS revenue,
        array_agg(position) FILTER (WHERE position IS NOT NULL) AS positions
    FROM (
        SELECT
            customer_id,
            position AS life_position,
            NULL::uuid AS broken_ticket_id,
            NULL::integer AS score,
            NULL::integer AS revenue,
            NULL::bigint AS position
        FROM customer_lifecycle_interval
        WHERE is_active
            AND valid_from <= %(as_of)s
            AND valid_from < %(period_to)s
            AND (valid_to IS NULL OR valid_to > %(as_of)s OR valid_to >= %(period_to)s)
        UNION ALL
        SELECT
            i.customer_id,
            NULL AS life_position,
            i.ticket_id AS broken_ticket_id,
            NULL AS score,
            NULL AS revenue,
            s.position
        FROM moment
        JOIN ticket_status_interval AS i
            ON i.valid_from <= moment.until_at
            AND (i.valid_to IS NULL OR i.valid_to > moment.until_at)
        JOIN sla_target AS s
            ON s.ticket_id = i.ticket_id
        WHERE i.status IN ('new', 'open', 'pending', 'on_hold')
            AND (s.cancelled_at <= moment.until_at) IS NOT TRUE
            AND (s.met_at <= moment.until_at) IS NOT TRUE
            -- past due, recorded or not
            AND (s.breached_at <= moment.until_at OR (s.applied_at <= moment.until_at AND s.due_at < moment.until_at))
        UNION ALL
        SELECT
            a.customer_id,
            NULL AS life_position,
            NULL AS broken_ticket_id,
            a.score,
            NULL AS revenue,
            a.position
        FROM moment
        JOIN survey_answer AS a
            ON a.answered_at > moment.until_at - make_interval(secs => (%(rating_days)s * 86400)::double precision)
            AND a.answered_at <= %(as_of)s
            AND a.answered_at < %(period_to)s
        WHERE a.survey = 'csat'
            AND a.score BETWEEN 1 AND 5
        UNION ALL
        SELECT
            customer_id,
            NULL AS life_position,
            NULL AS broken_ticket_id,
            NULL AS score,
            points AS revenue,
            position
        FROM trend
        WHERE points IS NOT NULL
    ) AS signal
    GROUP BY customer_id
    HAVING max(life_position) IS NOT NULL
)
SELECT
    known.customer_id,
    -- what made her a customer comes first, then what each signal was seen by
    array_remove(ARRAY[known.life_position, contact.position] || known.positions, NULL) AS positions,
    CASE
        WHEN contact.last_at >= moment.until_at - make_interval(secs => (%(contact_days)s * 86400)::double precision) THEN 25
        WHEN contact.last_at >= moment.until_at - make_interval(secs => (%(contact_days)s * 259200)::double precision) THEN 10
        -- who never was in touch is not close to us either
        ELSE 0
    END AS contact,
    CASE known.broken_tickets
        WHEN 0 THEN 25
        WHEN 1 THEN 10
        ELSE 0
    END AS promises,
    CASE
        WHEN known.mean_rating >= 4 THEN 25
        WHEN known.mean_rating >= 3 THEN 10
        WHEN known.mean_rating < 3 THEN 0
    END AS rating,
    known.revenue,
    CASE WHEN %(group_by)s::text IS NOT NULL THEN g.group_key END AS group_key,
    CASE WHEN %(group_by)s::text IS NOT NULL THEN g.group_label END AS group_label
FROM moment
CROSS JOIN known
LEFT JOIN LATERAL (
    SELECT
        i.happened_at AS last_at,
        i.position
    FROM interaction AS i
    WHERE i.customer_id = known.customer_id
        AND i.happened_at <= %(as_of)s
        AND i.happened_at < %(period_to)s
    ORDER BY i.happened_at DESC, i.position DESC
    LIMIT 1
) AS contact
    ON true
LEFT JOIN customer_group AS g
    ON g.customer_id = known.customer_id

-- span
SELECT
    min(valid_from) AS first_at,
    max(valid_from) AS last_at
FROM customer_lifecycle_interval
WHERE valid_from <= %(as_of)s
