SELECT
    x.system,
    x.key,
    x.customer_id,
    x.stream_id
FROM unnest(%(systems)s::text[], %(keys)s::text[]) AS asked(system, key)
JOIN log.external_id AS x
    ON x.system = asked.system
    AND x.key = asked.key
