INSERT INTO access.personal_access (customer_id, request_id, actor, way)
SELECT
    customer_id,
    %(request_id)s,
    jsonb_build_object('kind', %(actor_kind)s::text, 'id', %(actor_id)s::uuid),
    %(way)s
FROM unnest(%(customers)s::uuid[]) AS customer_id
-- one request may show her in several pieces
ON CONFLICT (customer_id, request_id) DO NOTHING
