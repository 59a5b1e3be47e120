-- The keys that lie, since new events, in the history of another root customer than before.
WITH recent AS MATERIALIZED (
    SELECT
        customer_id,
        stream_id,
        type,
        data
    FROM log.event
    WHERE position > %(after)s
        AND position <= %(horizon)s
        AND type IN (
            'customer.merged_into',
            'customer.merge_reverted',
            'lead.reattributed',
            'ticket.reattributed'
        )
), moved AS MATERIALIZED (
    SELECT customer_id
    FROM log.members(
        ARRAY(
            SELECT recent.customer_id
            FROM recent
            WHERE recent.type = 'customer.merged_into'
            UNION
            -- a reverted merge stands in both histories
            SELECT recent.customer_id
            FROM recent
            JOIN log.event AS merged
                ON merged.customer_id = recent.customer_id
                AND merged.type = 'customer.merged_into'
                AND merged.data->>'merge_id' = recent.data->>'merge_id'
            WHERE recent.type = 'customer.merge_reverted'
        ),
        %(horizon)s
    )
)
SELECT {key} AS key
FROM log.event
WHERE customer_id = ANY(ARRAY(SELECT customer_id FROM moved))
    AND position <= %(horizon)s
    AND type = ANY(%(types)s)
    AND {key} IS NOT NULL
UNION
SELECT {key}
FROM log.event
WHERE stream_id = ANY(ARRAY(
        SELECT stream_id
        FROM recent
        WHERE type NOT LIKE 'customer.%%'
        UNION
        SELECT record.stream_id
        FROM log.misfiled_at(%(horizon)s) AS record
        WHERE record.holder_id = ANY(ARRAY(SELECT customer_id FROM moved))
    ))
    AND position <= %(horizon)s
    AND type = ANY(%(types)s)
    AND {key} IS NOT NULL
