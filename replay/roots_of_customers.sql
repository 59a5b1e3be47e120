-- Of everyone in the histories of these root customers, and of the records that lie there or belong there.
WITH member AS MATERIALIZED (
    SELECT customer_id
    FROM log.members(%(keys)s::uuid[], %(horizon)s)
), record AS MATERIALIZED (
    SELECT
        stream_id,
        customer_id,
        holder_id
    FROM log.misfiled_at(%(horizon)s)
    WHERE customer_id = ANY(ARRAY(SELECT customer_id FROM member))
        OR holder_id = ANY(ARRAY(SELECT customer_id FROM member))
), root AS MATERIALIZED (
    SELECT
        customer_id,
        root_customer_id
    FROM log.roots(ARRAY(SELECT customer_id FROM member UNION SELECT holder_id FROM record), %(horizon)s)
)
SELECT
    root.customer_id,
    NULL::uuid AS stream_id,
    root.root_customer_id
FROM member
JOIN root
    ON root.customer_id = member.customer_id
UNION ALL
SELECT
    record.customer_id,
    record.stream_id,
    root.root_customer_id
FROM record
JOIN root
    ON root.customer_id = record.holder_id
