-- What did each customer become, and how used she to buy? Of one with a live subscription, no habit counts.
WITH bought AS (
    SELECT DISTINCT
        customer_id,
        (purchased_at AT TIME ZONE %(zone)s)::date AS day
    FROM purchase
    WHERE purchased_at IS NOT NULL
), apart AS (
    SELECT
        *,
        day - lag(day) OVER (PARTITION BY customer_id ORDER BY day) AS gap
    FROM bought
), habit AS (
    SELECT
        customer_id,
        count(*) AS purchase_days,
        max(day) AS last_bought_on,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY gap)::numeric AS median_gap
    FROM apart
    GROUP BY customer_id
)
SELECT
    life.customer_id,
    life.status,
    h.purchase_days,
    h.median_gap,
    h.last_bought_on
FROM customer_lifecycle_interval AS life
LEFT JOIN habit AS h
    ON h.customer_id = life.customer_id
    AND life.customer_id NOT IN (SELECT s.customer_id FROM subscription AS s WHERE s.status <> 'cancelled')
WHERE life.valid_to IS NULL
    AND life.status <> 'prospect'
    AND NOT life.is_archived
    AND NOT life.is_forgotten
    AND (life.status <> 'churned' OR life.churn_kind = 'silence')
ORDER BY life.customer_id
