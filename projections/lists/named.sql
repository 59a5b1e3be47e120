SELECT DISTINCT ON (record.{id})
    record.{id} AS asked_id,
    {columns}
FROM {table} AS record
WHERE record.{id} = ANY(%(ids)s::uuid[])
ORDER BY record.{id}
