SELECT log.append(
    %(customer_id)s,
    %(command_id)s,
    %(body_hash)s,
    %(events)s,
    %(external_ids)s
) AS positions
