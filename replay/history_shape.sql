CREATE TABLE history AS
SELECT
    *,
    customer_id AS root_customer_id
FROM log.history
WITH NO DATA
