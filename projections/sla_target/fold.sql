-- question: What was a customer promised on a ticket, when is it due, and was it kept?
-- key: stream_id AS ticket_id
-- types: ticket.sla_applied ticket.sla_met ticket.sla_breached ticket.sla_cancelled

-- What is applied after it was met, breached or cancelled is promised anew: to each next reply, and after a reopening.
WITH told AS (
    SELECT
        stream_id,
        root_customer_id,
        position,
        type,
        data,
        occurred_at,
        1 + count(*) FILTER (WHERE type <> 'ticket.sla_applied') OVER (
            PARTITION BY stream_id, data->>'target'
            ORDER BY position
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS cycle
    FROM history
), promise AS (
    SELECT
        stream_id,
        root_customer_id,
        data->>'target' AS target,
        cycle,
        max(position) AS position,
        (array_agg(data ORDER BY position DESC))[1] AS data,
        (array_agg(type ORDER BY position DESC))[1] AS type,
        (array_agg(occurred_at ORDER BY position DESC))[1] AS occurred_at,
        (array_agg(occurred_at ORDER BY position) FILTER (WHERE type = 'ticket.sla_applied'))[1] AS applied_at
    FROM told
    GROUP BY stream_id, root_customer_id, data->>'target', cycle
)
SELECT
    stream_id AS ticket_id,
    target,
    cycle,
    root_customer_id AS customer_id,
    position,
    data->>'policy' AS policy,
    (data->>'policy_version')::integer AS policy_version,
    CASE WHEN type = 'ticket.sla_applied' THEN data->>'clock' ELSE 'stopped' END AS clock,
    -- while its clock is paused, a promise is not due at all
    CASE WHEN data->>'clock' IS DISTINCT FROM 'paused' THEN (data->>'due_at')::timestamptz END AS due_at,
    coalesce((data->>'remaining_seconds')::bigint, 0) AS remaining_seconds,
    applied_at,
    CASE WHEN type = 'ticket.sla_met' THEN occurred_at END AS met_at,
    CASE WHEN type = 'ticket.sla_breached' THEN occurred_at END AS breached_at,
    CASE WHEN type = 'ticket.sla_cancelled' THEN occurred_at END AS cancelled_at
FROM promise
