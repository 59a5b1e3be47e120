-- How often did each customer's contract come up for renewal before `until_day`, and did she leave at the last time?
-- A contract begins with her first subscription and ends when none is left; one who ends it within a term leaves at the
-- end of that. A subscription without a term is renewed every month. Her segment is today's.
WITH contract AS (
    SELECT
        customer_id,
        min(started_on) AS started_on,
        (array_agg(coalesce(nullif(term_months, 0), 1) ORDER BY started_on, subscription_id))[1] AS term_months,
        CASE WHEN bool_and(status = 'cancelled' AND ended_on < %(until_day)s) THEN max(ended_on) END AS ended_on
    FROM subscription
    WHERE started_on < %(until_day)s
        AND (customer_id = %(customer_id)s OR %(customer_id)s::uuid IS NULL)
    GROUP BY customer_id
), lasted AS (
    SELECT
        *,
        age(coalesce(ended_on, %(until_day)s::date - 1), started_on) AS lasted
    FROM contract
    WHERE started_on >= %(from_day)s
), counted AS (
    SELECT
        *,
        (extract(YEAR FROM lasted) * 12 + extract(MONTH FROM lasted))::integer AS months,
        (extract(DAY FROM lasted) > 0)::integer AS begun
    FROM lasted
)
SELECT
    c.customer_id,
    c.started_on,
    c.term_months,
    p.segment,
    c.ended_on IS NOT NULL AS has_left,
    CASE
        WHEN ended_on IS NULL THEN months / term_months
        ELSE greatest((months + begun + term_months - 1) / term_months, 1)
    END AS renewals
FROM counted AS c
LEFT JOIN customer_profile AS p
    ON p.customer_id = c.customer_id
ORDER BY c.customer_id
