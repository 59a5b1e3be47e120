-- question: Whose history is it?
-- key: stream_id AS customer_id
-- types: customer.registered

SELECT
    stream_id AS customer_id,
    data->>'kind' AS kind,
    nullif(personal->'name', '{"forgotten": true}') #>> '{}' AS name,
    data->>'source' AS source,
    (data->>'owner_id')::uuid AS owner_id,
    occurred_at AS registered_at
FROM history
WHERE type = 'customer.registered'
