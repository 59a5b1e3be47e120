INSERT INTO access.personal_access (customer_id, request_id, actor, way)
SELECT DISTINCT
    p.customer_id,
    %(request_id)s::uuid,
    jsonb_build_object('kind', %(actor_kind)s::text, 'id', %(actor_id)s::uuid),
    %(way)s
FROM log.personal_data AS p
