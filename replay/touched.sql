WITH recent AS MATERIALIZED (
    SELECT
        customer_id,
        stream_id,
        position,
        type,
        {key} AS key,
        CASE
            WHEN type IN ('customer.events_undone', 'lead.events_undone', 'ticket.events_undone') THEN data->'versions'
        END AS undone
    FROM log.event
    WHERE position > %(after)s
        AND position <= %(horizon)s
        AND type = ANY(%(types)s || ARRAY[
            'customer.forgotten',
            'customer.person_forgotten',
            'customer.events_undone',
            'lead.events_undone',
            'ticket.events_undone'
        ])
)
SELECT key
FROM recent
WHERE type = ANY(%(types)s)
    AND key IS NOT NULL
UNION
-- what was undone is left out wherever it was folded
SELECT e.key
FROM recent
CROSS JOIN LATERAL jsonb_array_elements(recent.undone) AS undone (version)
-- looked up one by one, here and below: a planner that expects many would read the whole log
CROSS JOIN LATERAL (
    SELECT {key} AS key
    FROM log.event
    WHERE stream_id = recent.stream_id
        AND version = undone.version::integer
        AND type = ANY(%(types)s)
        AND {key} IS NOT NULL
    OFFSET 0
) AS e
UNION
-- what was folded from a person's data is folded again without it, wherever it stands
SELECT e.key
FROM (
    SELECT customer_id
    FROM recent
    WHERE type IN ('customer.forgotten', 'customer.person_forgotten')
    UNION
    -- and in another's history, where records of that person lie
    SELECT mark.customer_id
    FROM recent
    JOIN log.forgotten AS mark
        ON mark.position = recent.position
) AS forgotten
CROSS JOIN LATERAL (
    SELECT {key} AS key
    FROM log.event
    WHERE customer_id = forgotten.customer_id
        AND position <= %(horizon)s
        AND type = ANY(%(types)s)
        AND {key} IS NOT NULL
    OFFSET 0
) AS e
