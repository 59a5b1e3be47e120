-- question: How many leads has a customer brought, and since when?
-- key: root_customer_id AS customer_id
-- types: lead.captured

SELECT
    root_customer_id AS customer_id,
    count(*) AS leads,
    min(occurred_at) AS first_at
FROM history
GROUP BY root_customer_id
