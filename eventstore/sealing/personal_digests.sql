SELECT
    p.position,
    p.customer_id,
    p.subject_id,
    sha256(p.salt || convert_to(p.data::text, 'UTF8')) AS digest
FROM log.personal_data AS p
