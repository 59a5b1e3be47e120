SELECT
    pg_advisory_xact_lock(uuid_hash_extended(%(customer_id)s::uuid, 0::bigint)) IS NOT NULL AS is_held,
    has_function_privilege('log.forget(uuid, uuid, jsonb)', 'EXECUTE')
    AND has_function_privilege('log.personal_of(uuid[])', 'EXECUTE') AS may_erase
