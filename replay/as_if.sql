UNION ALL
SELECT
    (jsonb_populate_record(NULL::log.history, %(as_if)s)).*,
    %(as_if_root)s::uuid AS root_customer_id
WHERE %(as_if)s->>'type' = ANY(%(types)s)
