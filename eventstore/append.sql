-- the turn ends with the append: only then is there something that a retry would find
SELECT
    log.append(
        %(customer_ids)s::uuid[],
        %(events)s::jsonb,
        %(command_customer_id)s::uuid,
        %(command_id)s::uuid,
        %(body_hash)s,
        %(external_ids)s::jsonb
    ) AS positions,
    pg_advisory_unlock(uuid_hash_extended(%(turn)s::uuid, 2::bigint)) AS turn_ended
