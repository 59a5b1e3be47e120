INSERT INTO access.personal_access (request_id, actor, way, customers)
SELECT
    request_id,
    actor,
    way,
    customers
FROM jsonb_to_recordset(%(notes)s::jsonb) AS note (request_id uuid, actor jsonb, way text, customers uuid[])
