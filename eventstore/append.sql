SELECT log.append(
    %(customer_ids)s::uuid[],
    %(events)s::jsonb,
    %(command_customer_id)s::uuid,
    %(command_id)s::uuid,
    %(body_hash)s,
    %(external_ids)s::jsonb
) AS positions
