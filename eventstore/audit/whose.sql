-- Everyone who lives on in the same history as this customer at a position, and the leads and tickets that were filed
-- under the wrong customer: elsewhere and are theirs, or under them and are another's.
WITH root AS MATERIALIZED (
    SELECT root_customer_id
    FROM log.roots(ARRAY[%(customer_id)s::uuid], %(horizon)s)
), member AS MATERIALIZED (
    SELECT customer_id
    FROM log.members(ARRAY(SELECT root_customer_id FROM root), %(horizon)s)
), record AS MATERIALIZED (
    SELECT
        misfiled.stream_id,
        misfiled.customer_id,
        misfiled.holder_id = ANY (ARRAY(SELECT customer_id FROM member)) AS is_theirs
    FROM log.misfiled_at(%(horizon)s) AS misfiled
    WHERE misfiled.customer_id = ANY (ARRAY(SELECT customer_id FROM member))
        OR misfiled.holder_id = ANY (ARRAY(SELECT customer_id FROM member))
)
SELECT
    ARRAY(SELECT customer_id FROM member ORDER BY customer_id) AS members,
    ARRAY(SELECT DISTINCT customer_id FROM record WHERE is_theirs) AS filed_under,
    ARRAY(SELECT stream_id FROM record WHERE is_theirs) AS theirs,
    ARRAY(SELECT stream_id FROM record WHERE NOT is_theirs) AS of_others
