-- The customers whom new events concern, and in whose histories these live on: one who was merged must leave no row.
WITH recent AS MATERIALIZED (
    SELECT
        customer_id,
        stream_id,
        position,
        type
    FROM log.event
    WHERE position > %(after)s
        AND position <= %(horizon)s
        AND type = ANY(%(types)s || ARRAY[
            'customer.merged_into',
            'customer.merge_reverted',
            'lead.reattributed',
            'ticket.reattributed',
            'customer.forgotten',
            'customer.person_forgotten',
            'customer.events_undone',
            'lead.events_undone',
            'ticket.events_undone'
        ])
), concerned AS MATERIALIZED (
    SELECT customer_id
    FROM recent
    UNION
    SELECT record.holder_id
    FROM recent
    JOIN log.misfiled_at(%(horizon)s) AS record
        ON record.stream_id = recent.stream_id
    UNION
    -- whoever had the record before, or has it now
    SELECT other.id::uuid
    FROM recent
    JOIN log.event AS e
        ON e.stream_id = recent.stream_id
        AND e.type IN ('lead.reattributed', 'ticket.reattributed')
        AND e.position <= %(horizon)s
    CROSS JOIN LATERAL (
        VALUES
            (e.data->>'from_customer_id'),
            (e.data->>'to_customer_id')
    ) AS other (id)
    WHERE recent.type IN ('lead.reattributed', 'ticket.reattributed')
    UNION
    -- all that she was ever merged into, and all that were merged into her
    SELECT (e.data->>'survivor_id')::uuid
    FROM recent
    JOIN log.event AS e
        ON e.customer_id = recent.customer_id
        AND e.type = 'customer.merged_into'
        AND e.position <= %(horizon)s
    WHERE recent.type IN ('customer.merged_into', 'customer.merge_reverted')
    UNION
    SELECT member.customer_id
    FROM log.members(
        ARRAY(
            SELECT customer_id
            FROM recent
            WHERE type IN ('customer.merged_into', 'customer.merge_reverted')
        ),
        %(horizon)s
    ) AS member
    UNION
    SELECT mark.customer_id
    FROM recent
    JOIN log.forgotten AS mark
        ON mark.position = recent.position
)
SELECT customer_id AS key
FROM concerned
UNION
SELECT root_customer_id
FROM log.roots(ARRAY(SELECT customer_id FROM concerned), %(horizon)s)
