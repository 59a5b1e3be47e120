INSERT INTO log.personal_data (customer_id, position, subject_id, data, salt)
SELECT
    (said ->> 'customer_id')::uuid,
    (said ->> 'position')::bigint,
    (said ->> 'personal_subject_id')::uuid,
    said -> 'personal',
    (said ->> 'personal_salt')::bytea
FROM pg_temp.line
WHERE said ->> 'personal_salt' IS NOT NULL
