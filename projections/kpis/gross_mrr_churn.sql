-- title: Gross MRR churn
-- area: revenue
-- version: 1
-- question: What share of monthly recurring revenue was lost?
-- unit: ratio
-- better: low
-- formula: (churn + contraction) of the period / MRR at its start
-- edge cases: no MRR at the start gives null; what new customers lose within the period counts too; with several currencies there is no single value, and each is reported apart; merged customers are one
-- of nothing: null
-- source: the usual subscription definition
-- reads: mrr_movement

-- counted: the movements of the period, and those before it, which opening is the sum of
SELECT
    customer_id,
    position,
    currency,
    CASE WHEN is_before THEN amount END AS opening,
    CASE WHEN NOT is_before AND kind IN ('churn', 'contraction') THEN -amount END AS part,
    'lost' AS part_name,
    group_key,
    group_label
FROM mrr_movement

-- figure: share_of_opening
