-- question: What are other customers to this one?
-- key: root_customer_id AS customer_id
-- types: customer.related_to customer.relation_ended customer.merged_into

-- `other_id` is the customer that was named, who may have been merged since: customer_alias says into whom. What ended
-- stays, with the moment it did.
WITH told AS (
    SELECT
        root_customer_id AS customer_id,
        stream_id,
        (data->>'other_id')::uuid AS other_id,
        data->>'kind' AS kind,
        position,
        type,
        data,
        occurred_at
    FROM history
), member AS (
    SELECT DISTINCT
        customer_id,
        stream_id AS member_id
    FROM told
    WHERE type = 'customer.merged_into'
), relation AS (
    SELECT
        customer_id,
        other_id,
        kind,
        (array_agg(data ORDER BY position DESC) FILTER (WHERE type = 'customer.related_to'))[1] AS related,
        (array_agg(occurred_at ORDER BY position DESC) FILTER (WHERE type = 'customer.related_to'))[1] AS related_at,
        (array_agg(CASE WHEN type = 'customer.relation_ended' THEN data END ORDER BY position DESC))[1] AS ended,
        (array_agg(CASE WHEN type = 'customer.relation_ended' THEN occurred_at END ORDER BY position DESC))[1] AS ended_at,
        max(position) AS position
    FROM told
    WHERE type <> 'customer.merged_into'
    GROUP BY customer_id, other_id, kind
)
SELECT
    r.customer_id,
    r.other_id,
    r.kind,
    (r.related->>'valid_from')::date AS valid_from,
    coalesce(r.ended->>'valid_to', r.related->>'valid_to')::date AS valid_to,
    r.related_at,
    r.ended_at,
    r.position
FROM relation AS r
LEFT JOIN member AS m
    ON m.customer_id = r.customer_id
    AND m.member_id = r.other_id
-- two records of the same customer are nothing to each other
WHERE m.member_id IS NULL
    AND r.other_id <> r.customer_id
