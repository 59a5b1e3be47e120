-- question: In whose history does a merged customer live on?
-- key: root_customer_id AS root_customer_id
-- types: customer.merged_into customer.merge_reverted

WITH told AS (
    SELECT
        stream_id,
        root_customer_id,
        position,
        type,
        data,
        occurred_at,
        max(position) FILTER (WHERE type = 'customer.merged_into') OVER (PARTITION BY stream_id) AS last_merge,
        max(position) FILTER (WHERE type = 'customer.merge_reverted') OVER (
            PARTITION BY stream_id, data->>'merge_id'
        ) AS reverted_position
    FROM history
)
SELECT
    stream_id AS customer_id,
    (data->>'survivor_id')::uuid AS survivor_id,
    root_customer_id,
    (data->>'merge_id')::uuid AS merge_id,
    occurred_at AS merged_at,
    position
FROM told
WHERE position = last_merge
    AND coalesce(reverted_position < position, true)
