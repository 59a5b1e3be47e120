INSERT INTO access.personal_access (request_id, actor, way, customers)
SELECT
    %(request_id)s::uuid,
    jsonb_build_object('kind', %(actor_kind)s::text, 'id', %(actor_id)s::uuid),
    %(way)s,
    array_agg(part.customer_id)
FROM (
    SELECT
        held.customer_id,
        row_number() OVER (ORDER BY held.customer_id) / 10000 AS number
    FROM (SELECT DISTINCT customer_id FROM log.personal_data) AS held
) AS part
GROUP BY part.number
