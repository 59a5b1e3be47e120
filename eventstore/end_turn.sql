SELECT pg_advisory_unlock(uuid_hash_extended(%(command_id)s::uuid, 2::bigint))
