-- Where the log tells of a contact person: what is personal there is hers, or the event names her.
SELECT e.position
FROM log.event AS e
LEFT JOIN log.personal_data AS p
    ON p.customer_id = e.customer_id
    AND p.position = e.position
WHERE e.customer_id = ANY (%(customers)s)
    AND e.position <= %(horizon)s
    AND (
        p.subject_id = %(person_id)s
        OR e.data ->> 'person_id' = %(person_id)s::text
    )
