-- question: What do customers subscribe to, what was agreed, and until when?
-- key: root_customer_id AS customer_id
-- types: customer.subscription_*

-- `mrr` is what was agreed; a subscription brings it while it is active. What it brought on which day is in
-- subscription_movement.
WITH told AS (
    SELECT
        root_customer_id,
        stream_id,
        part_id,
        position,
        type,
        data,
        personal,
        (data->>'effective_on')::date AS effective_on,
        CASE type
            WHEN 'customer.subscription_started' THEN 'active'
            WHEN 'customer.subscription_resumed' THEN 'active'
            WHEN 'customer.subscription_paused' THEN 'paused'
            WHEN 'customer.subscription_cancelled' THEN 'cancelled'
        END AS status,
        type IN ('customer.subscription_started', 'customer.subscription_renewed') AS begins_term,
        -- whatever of these was said last tells whether and why it ends
        type IN (
            'customer.subscription_started',
            'customer.subscription_renewed',
            'customer.subscription_cancellation_scheduled',
            'customer.subscription_cancelled'
        ) AS tells_end
    FROM history
), state AS (
    SELECT
        root_customer_id,
        stream_id,
        part_id,
        max(position) AS position,
        coalesce((array_agg(status ORDER BY position DESC) FILTER (WHERE status IS NOT NULL))[1], 'active') AS status,
        (array_agg(data ORDER BY position DESC) FILTER (WHERE status IS NOT NULL))[1] AS status_data,
        (array_agg(data->>'plan' ORDER BY position DESC) FILTER (WHERE data ? 'plan'))[1] AS plan,
        (array_agg(data->'mrr' ORDER BY position DESC) FILTER (WHERE data ? 'mrr'))[1] AS mrr,
        -- renewed without saying for how long, it goes on for as long as before
        (array_agg(data->'term_months' ORDER BY position DESC)
            FILTER (WHERE begins_term AND (data ? 'term_months' OR type = 'customer.subscription_started')))[1]::integer AS term_months,
        (array_agg(effective_on ORDER BY position DESC) FILTER (WHERE begins_term))[1] AS term_from,
        (array_agg(effective_on ORDER BY position DESC) FILTER (WHERE type = 'customer.subscription_started'))[1] AS started_on,
        (array_agg(effective_on ORDER BY position DESC)
            FILTER (WHERE type <> 'customer.subscription_cancellation_scheduled'))[1] AS changed_on,
        (array_agg(type ORDER BY position DESC) FILTER (WHERE tells_end))[1] AS end_type,
        (array_agg(data ORDER BY position DESC) FILTER (WHERE tells_end))[1] AS end_data,
        (array_agg(personal ORDER BY position DESC) FILTER (WHERE tells_end))[1] AS end_personal
    FROM told
    GROUP BY root_customer_id, stream_id, part_id
    HAVING NOT bool_or(type = 'customer.subscription_retracted')
)
SELECT
    part_id AS subscription_id,
    stream_id,
    root_customer_id AS customer_id,
    status,
    plan,
    (mrr->>'amount')::numeric AS mrr,
    mrr->>'currency' AS currency,
    term_months,
    started_on,
    changed_on,
    CASE
        WHEN status <> 'cancelled'
            AND end_type <> 'customer.subscription_cancellation_scheduled'
            AND term_months > 0
            THEN (term_from + term_months * INTERVAL '1 month')::date
    END AS renews_on,
    CASE
        WHEN end_type = 'customer.subscription_cancellation_scheduled' THEN (end_data->>'effective_on')::date
    END AS ends_on,
    CASE WHEN status = 'cancelled' THEN (status_data->>'effective_on')::date END AS ended_on,
    CASE WHEN status = 'paused' THEN (status_data->>'until')::date END AS paused_until,
    (end_data->>'voluntary')::boolean AS voluntary,
    nullif(end_personal->'reason', '{"forgotten": true}') #>> '{}' AS cancel_reason,
    position
FROM state
