SELECT
    asked.asked_id,
    {columns}
FROM unnest(%(ids)s::uuid[]) AS asked (asked_id)
LEFT JOIN customer_alias AS alias
    ON alias.customer_id = asked.asked_id
JOIN {table} AS record
    ON record.{id} = coalesce(alias.root_customer_id, asked.asked_id)
