-- Whose a record is: the root of whoever holds it, and the root of somebody else; both as the log is now.
SELECT
    holder.root_customer_id = other.root_customer_id AS is_theirs
FROM log.roots(ARRAY[log.holder(%(stream_id)s, %(filed_under)s)], 9223372036854775807) AS holder
CROSS JOIN log.roots(ARRAY[%(customer_id)s::uuid], 9223372036854775807) AS other
