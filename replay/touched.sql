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
SELECT e.{key} AS key
FROM recent
CROSS JOIN LATERAL jsonb_array_elements(recent.undone) AS undone (version)
JOIN log.event AS e
    ON e.stream_id = recent.stream_id
    AND e.version = undone.version::integer
WHERE e.type = ANY(%(types)s)
    AND e.{key} IS NOT NULL
UNION
-- what was folded from a person's data is folded again without it, wherever it stands
SELECT e.{key} AS key
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
JOIN log.event AS e
    ON e.customer_id = forgotten.customer_id
WHERE e.position <= %(horizon)s
    AND e.type = ANY(%(types)s)
    AND e.{key} IS NOT NULL
