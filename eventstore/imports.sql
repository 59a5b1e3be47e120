-- All imports are filed under the workspace, whose events are few beside those of the customers.
SELECT stream_id
FROM log.event
WHERE customer_id = %(customer_id)s
    AND stream_type = 'import'
    AND version = 1
    AND stream_id < %(before)s
ORDER BY stream_id DESC
LIMIT %(limit)s
