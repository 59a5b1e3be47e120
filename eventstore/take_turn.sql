-- 2: of a command; the locks of customers have 0, those of streams 1
SELECT pg_try_advisory_lock(uuid_hash_extended(%(command_id)s::uuid, 2::bigint)) AS is_mine
