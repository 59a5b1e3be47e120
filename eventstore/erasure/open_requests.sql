SELECT asked.position
FROM log.event AS asked
WHERE asked.type = 'customer.forgetting_requested'
    AND (
        %(customer_ids)s::uuid[] IS NULL
        OR asked.customer_id = ANY(%(customer_ids)s)
    )
    AND NOT EXISTS (
        SELECT
        FROM log.event AS ended
        WHERE ended.customer_id = asked.customer_id
            AND ended.position > asked.position
            AND (
                ended.type = 'customer.forgotten'
                OR ended.type IN ('customer.forgetting_request_withdrawn', 'customer.person_forgotten')
                AND ended.data ->> 'person_id' IS NOT DISTINCT FROM asked.data ->> 'person_id'
            )
    )
ORDER BY asked.position
