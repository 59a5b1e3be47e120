-- title: Net revenue retention
-- area: revenue
-- version: 1
-- question: How much do the customers of the start pay at the end?
-- unit: ratio
-- formula: sum of MRR at the end / sum of MRR at the start, of customers who paid at the start
-- edge cases: above 100 % when they pay more than before; customers who pay nothing at the start do not count, whatever they pay later; no MRR at the start gives null; with several currencies there is no single value, and each is reported apart; merged customers are one
-- of nothing: null
-- source: the usual subscription definition, by customer
-- reads: mrr_movement

-- counted: the movements, in the period and before, of customers who paid at its start
SELECT
    customer_id,
    position,
    currency,
    CASE WHEN is_before THEN amount END AS opening,
    amount AS part,
    'kept' AS part_name,
    group_key,
    group_label
FROM (
    SELECT
        *,
        sum(amount) FILTER (WHERE is_before) OVER (PARTITION BY customer_id, currency) AS paid
    FROM mrr_movement
) AS movement
WHERE paid > 0

-- figure: share_of_opening
