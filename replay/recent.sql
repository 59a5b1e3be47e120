-- New events, with the customers in whose histories they may lie: the one recorded, and the one who has the record now,
-- and in whose histories these live on.
WITH recent AS MATERIALIZED (
    SELECT
        position,
        type,
        customer_id,
        stream_id,
        part_id
    FROM log.event
    WHERE position > %(after)s
        AND position <= %(horizon)s
), record AS MATERIALIZED (
    SELECT
        stream_id,
        holder_id
    FROM log.misfiled_at(%(horizon)s)
    WHERE stream_id = ANY(ARRAY(SELECT stream_id FROM recent))
), root AS MATERIALIZED (
    SELECT
        customer_id,
        root_customer_id
    FROM log.roots(ARRAY(SELECT customer_id FROM recent UNION SELECT holder_id FROM record), %(horizon)s)
)
SELECT
    recent.position,
    recent.type,
    recent.customer_id,
    recent.stream_id,
    recent.part_id,
    own.root_customer_id,
    record.holder_id,
    of_holder.root_customer_id AS holder_root_id
FROM recent
JOIN root AS own
    ON own.customer_id = recent.customer_id
LEFT JOIN record
    ON record.stream_id = recent.stream_id
LEFT JOIN root AS of_holder
    ON of_holder.customer_id = record.holder_id
