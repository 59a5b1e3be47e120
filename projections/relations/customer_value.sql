-- question: From when to when was each customer what, and what did she pay?
-- builds on: customer_life payment
-- groups: owner segment source team

-- One row per interval of a customer's life, and one per payment or refund.
SELECT
    customer_id,
    position,
    valid_from AS happened_at,
    valid_to,
    is_active,
    is_new,
    has_left,
    NULL AS currency,
    NULL::numeric AS amount,
    group_key,
    group_label
FROM customer_life
UNION ALL
SELECT
    customer_id,
    position,
    paid_at,
    NULL,
    false,
    false,
    false,
    currency,
    amount,
    group_key,
    group_label
FROM payment

-- span
SELECT
    min(valid_from) AS first_at,
    max(valid_from) AS last_at
FROM customer_lifecycle_interval
WHERE valid_from <= %(as_of)s
