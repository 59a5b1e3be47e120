INSERT INTO access.personal_access (request_id, actor, way, customers)
SELECT
    %(request_id)s,
    jsonb_build_object('kind', %(actor_kind)s::text, 'id', %(actor_id)s::uuid),
    %(way)s,
    %(customers)s::uuid[]
-- what many read all day is not waited for until it lies on the disk: should the server crash, the last second is lost
FROM set_config('synchronous_commit', CASE WHEN %(is_brief)s THEN 'off' ELSE current_setting('synchronous_commit') END, true)
WHERE cardinality(%(customers)s::uuid[]) > 0
