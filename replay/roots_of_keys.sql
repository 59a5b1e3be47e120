-- Of the customers and records in whose histories these streams or parts lie.
WITH place AS MATERIALIZED (
    SELECT DISTINCT
        customer_id,
        stream_id
    FROM log.event
    WHERE {key} = ANY(%(keys)s::uuid[])
        AND position <= %(horizon)s
), record AS MATERIALIZED (
    SELECT
        stream_id,
        customer_id,
        holder_id
    FROM log.misfiled_at(%(horizon)s)
    WHERE stream_id = ANY(ARRAY(SELECT stream_id FROM place))
), root AS MATERIALIZED (
    SELECT
        customer_id,
        root_customer_id
    FROM log.roots(ARRAY(SELECT customer_id FROM place UNION SELECT holder_id FROM record), %(horizon)s)
)
SELECT
    customer_id,
    NULL::uuid AS stream_id,
    root_customer_id
FROM root
UNION ALL
SELECT
    record.customer_id,
    record.stream_id,
    root.root_customer_id
FROM record
JOIN root
    ON root.customer_id = record.holder_id
