SELECT log.append(
    %(customer_ids)s::uuid[],
    %(events)s,
    %(command_customer_id)s,
    %(command_id)s,
    %(body_hash)s,
    %(external_ids)s
) AS positions
