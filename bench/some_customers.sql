SELECT customer_id
FROM log.event
WHERE position <= %(position)s
    AND stream_type = 'customer'
    AND version = 1
ORDER BY md5(customer_id::text)
LIMIT 400
