-- question: How long did a customer wait for each answer on a ticket, and who gave it?
-- key: stream_id AS ticket_id
-- types: ticket.opened ticket.replied ticket.put_pending ticket.put_on_hold ticket.resumed ticket.solved ticket.reopened ticket.closed ticket.marked_spam

-- A wait lasts from the oldest message that has no answer to the next public reply of an agent, or until the ticket is
-- solved without one. All in the order in which it happened, so that what happens later changes no wait before it.
WITH told AS (
    SELECT
        stream_id,
        root_customer_id,
        position,
        type,
        actor,
        occurred_at,
        CASE WHEN type = 'ticket.replied' AND (data->>'public')::boolean THEN data->>'author' END AS author,
        -- who is opened a ticket for asked nothing yet
        type = 'ticket.opened'
            AND (data->>'inbound')::boolean
            AND row_number() OVER (PARTITION BY stream_id, type ORDER BY occurred_at, position) = 1 AS is_request,
        type IN ('ticket.solved', 'ticket.closed') AS settles,
        type NOT IN ('ticket.opened', 'ticket.replied') AS is_turn,
        -- the same message twice is one reply; without a name, each is a message of its own
        row_number() OVER (
            PARTITION BY
                stream_id,
                type,
                CASE
                    WHEN jsonb_typeof(personal->'message_id') = 'string' THEN personal->'message_id'
                    ELSE to_jsonb(position)
                END
            ORDER BY position
        ) AS telling
    FROM history
), ordered AS (
    SELECT
        *,
        author = 'agent' OR settles AS ends_it,
        row_number() OVER (PARTITION BY stream_id ORDER BY occurred_at, position) AS number
    FROM told
    WHERE telling = 1
), parted AS (
    SELECT
        *,
        count(*) FILTER (WHERE ends_it) OVER before AS part,
        -- whether the last turn before this one solved it: the last bit says so of each
        coalesce(max(number * 2 + settles::integer) FILTER (WHERE is_turn) OVER before & 1, 0) = 1 AS is_settled
    FROM ordered
    WINDOW before AS (
        PARTITION BY stream_id
        ORDER BY number
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
), heard AS (
    SELECT
        *,
        -- what was no spam after all was never solved
        is_settled AND is_turn AND NOT settles AND type <> 'ticket.marked_spam' AS is_reopening,
        bool_or(author = 'customer') OVER so_far AS has_asked,
        bool_or(is_settled AND is_turn AND NOT settles AND type <> 'ticket.marked_spam') OVER so_far AS was_reopened
    FROM parted
    WINDOW so_far AS (PARTITION BY stream_id, part ORDER BY number)
), waited AS (
    SELECT
        *,
        -- thanks for a solution asks for nothing, unless the ticket is reopened for it
        row_number() OVER (PARTITION BY stream_id, part, starts_it ORDER BY number) AS start
    FROM (
        SELECT
            *,
            coalesce(
                NOT is_settled AND (is_request OR author = 'customer') OR is_reopening AND has_asked,
                false
            ) AS starts_it
        FROM heard
    ) AS asked
)
SELECT
    asked.position,
    asked.stream_id AS ticket_id,
    asked.root_customer_id AS customer_id,
    CASE
        WHEN asked.is_request THEN 'first'
        WHEN asked.was_reopened THEN 'reopened'
        ELSE 'next'
    END AS cycle,
    asked.occurred_at AS asked_at,
    ended.occurred_at AS ended_at,
    CASE WHEN ended.author = 'agent' THEN ended.occurred_at END AS answered_at,
    CASE WHEN ended.author = 'agent' THEN ended.position END AS answered_position,
    CASE WHEN ended.author = 'agent' THEN ended.actor END AS answered_by
FROM waited AS asked
LEFT JOIN parted AS ended
    ON ended.stream_id = asked.stream_id
    AND ended.part = asked.part
    AND ended.ends_it
WHERE asked.starts_it
    AND asked.start = 1
