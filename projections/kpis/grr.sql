-- title: Gross revenue retention
-- area: revenue
-- version: 1
-- question: How much of what customers paid at the start do they still pay, growth aside?
-- unit: ratio
-- formula: sum of the lesser of MRR at the end and MRR at the start / sum of MRR at the start, of customers who paid at the start
-- edge cases: what one customer pays more does not make up for what another pays less, so it is never above 100 %; customers who pay nothing at the start do not count, whatever they pay later; no MRR at the start gives null; with several currencies there is no single value, and each is reported apart; merged customers are one
-- of nothing: null
-- source: the usual subscription definition, by customer
-- reads: mrr_movement

-- counted: the movements, in the period and before, of customers who paid at its start; what she kept stands at her first
SELECT
    customer_id,
    position,
    currency,
    CASE WHEN is_before THEN amount END AS opening,
    CASE WHEN is_first THEN least(paid, pays) END AS part,
    'kept' AS part_name,
    group_key,
    group_label
FROM (
    SELECT
        *,
        row_number() OVER (PARTITION BY customer_id, currency ORDER BY position) = 1 AS is_first,
        sum(amount) FILTER (WHERE is_before) OVER (PARTITION BY customer_id, currency) AS paid,
        sum(amount) OVER (PARTITION BY customer_id, currency) AS pays
    FROM mrr_movement
) AS movement
WHERE paid > 0

-- figure: share_of_opening
