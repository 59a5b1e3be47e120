-- Which leads and tickets does a customer have, and which of them are open?
-- key: stream_id AS record_id
-- types: lead.captured lead.won lead.lost lead.disqualified lead.reopened lead.recycled lead.merged_into lead.merge_reverted ticket.opened ticket.put_pending ticket.put_on_hold ticket.resumed ticket.solved ticket.reopened ticket.closed ticket.marked_spam ticket.merged_into ticket.merge_reverted ticket.rated

WITH told AS (
    SELECT
        stream_id,
        stream_type,
        root_customer_id,
        position,
        type,
        data,
        occurred_at,
        max(position) FILTER (WHERE type LIKE '%.merged_into') OVER (PARTITION BY stream_id) AS last_merge,
        max(position) FILTER (WHERE type LIKE '%.merge_reverted') OVER (
            PARTITION BY stream_id, data->>'merge_id'
        ) AS reverted_position
    FROM history
)
SELECT
    stream_id AS record_id,
    root_customer_id AS customer_id,
    stream_type AS noun,
    -- what is not said to be closed is open
    coalesce(
        (array_agg(
            type NOT IN (
                'lead.won', 'lead.lost', 'lead.disqualified', 'ticket.solved', 'ticket.closed', 'ticket.marked_spam'
            )
            ORDER BY position DESC
        ) FILTER (WHERE type NOT IN (
            'lead.captured', 'lead.merged_into', 'lead.merge_reverted',
            'ticket.opened', 'ticket.merged_into', 'ticket.merge_reverted', 'ticket.rated'
        )))[1],
        true
    ) AS is_open,
    -- the work of a merged record goes on in another
    coalesce(bool_or(position = last_merge AND coalesce(reverted_position < position, true)), false) AS is_merged,
    min(occurred_at) AS begun_at,
    (array_agg((data->>'csat')::integer ORDER BY position DESC) FILTER (WHERE type = 'ticket.rated'))[1] AS csat,
    (array_agg(occurred_at ORDER BY position DESC) FILTER (WHERE type = 'ticket.rated'))[1] AS rated_at
FROM told
GROUP BY stream_id, root_customer_id, stream_type
