SELECT
    e.*,
    p.subject_id AS personal_subject_id,
    p.data AS personal,
    p.salt AS personal_salt
FROM log.event AS e
LEFT JOIN log.personal_data AS p
    ON p.customer_id = e.customer_id
    AND p.position = e.position
WHERE e.position BETWEEN %(first_position)s AND %(last_position)s
    AND to_char(e.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM') = %(month)s
ORDER BY e.position
