SELECT
    customer_id,
    NULL::uuid AS stream_id,
    root_customer_id
FROM log.roots(ARRAY(SELECT m.customer_id FROM log.merge_at(%(horizon)s) AS m), %(horizon)s)
UNION ALL
SELECT
    record.customer_id,
    record.stream_id,
    root.root_customer_id
FROM log.misfiled_at(%(horizon)s) AS record
JOIN log.roots(ARRAY(SELECT m.holder_id FROM log.misfiled_at(%(horizon)s) AS m), %(horizon)s) AS root
    ON root.customer_id = record.holder_id
