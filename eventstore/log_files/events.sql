-- An event with its personal part beside it, by the month of its recording, in the order of the log.
SELECT
    to_char(recorded_at AT TIME ZONE 'UTC', 'YYYY-MM'),
    row_to_json(line)
FROM (
    SELECT
        e.*,
        p.subject_id AS personal_subject_id,
        p.data AS personal,
        p.salt AS personal_salt
    FROM log.event AS e
    LEFT JOIN log.personal_data AS p
        ON p.customer_id = e.customer_id
        AND p.position = e.position
    ORDER BY e.position
) AS line
