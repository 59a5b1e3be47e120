COPY (
    SELECT
        e.*,
        p.subject_id,
        p.data AS personal,
        p.salt
    FROM log.event AS e
    LEFT JOIN log.personal_data AS p
        ON p.customer_id = e.customer_id
        AND p.position = e.position
    ORDER BY e.position
) TO STDOUT
