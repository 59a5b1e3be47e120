-- tables with their indexes and what is stored beside them
SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint AS bytes
FROM pg_class AS c
WHERE c.relnamespace = to_regnamespace(quote_ident(%(schema)s))
    AND c.relkind = 'r'
