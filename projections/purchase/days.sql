-- On how many days before `until_day` did each customer buy, first and last, and what did she spend after the first day?
-- Several purchases of a day are one; what was given back is not spent, and days that brought nothing do not tell what a
-- customer spends. Of those with a subscription it is said.
WITH bought AS (
    SELECT
        customer_id,
        (purchased_at AT TIME ZONE %(zone)s)::date AS day,
        net
    FROM purchase
    WHERE currency = %(currency)s
        AND purchased_at IS NOT NULL
        AND (customer_id = %(customer_id)s OR %(customer_id)s::uuid IS NULL)
), by_day AS (
    SELECT
        customer_id,
        day,
        sum(net) AS spent,
        day > min(day) OVER (PARTITION BY customer_id) AS is_repeat
    FROM bought
    WHERE day < %(until_day)s
    GROUP BY customer_id, day
)
SELECT
    customer_id,
    min(day) AS first_day,
    max(day) AS last_day,
    count(*) AS days,
    count(*) FILTER (WHERE is_repeat AND spent > 0) AS spending_days,
    coalesce(sum(spent) FILTER (WHERE is_repeat AND spent > 0), 0) AS spent,
    customer_id IN (SELECT s.customer_id FROM subscription AS s WHERE s.started_on < %(until_day)s) AS is_contractual
FROM by_day
GROUP BY customer_id
HAVING min(day) >= %(from_day)s
ORDER BY customer_id
