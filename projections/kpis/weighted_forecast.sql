-- title: Weighted forecast
-- area: sales
-- version: 1
-- question: What may we expect of the open deals?
-- unit: amount
-- formula: sum of amount × chance to win of the leads that are open at as_of; beside it by the month of the expected close
-- edge cases: the chance is that of the stage, as it was when the lead entered it, or the one that somebody judged since; won, lost and disqualified leads bring nothing; open ones without an amount or a chance are excluded and counted; what was expected to be closed before the day of as_of is overdue, and listed apart as well; with several currencies there is no single value, and each is reported apart; the period does not matter
-- of nothing: 0
-- source: the state at a moment, folded from what had happened by then
-- judged: at a moment
-- reads: lead_at

-- counted: every open lead, with the last change by then
SELECT
    lead_id,
    position,
    amount * probability AS worth,
    currency,
    expected_close,
    coalesce(expected_close < (%(as_of)s AT TIME ZONE %(zone)s)::date, false) AS is_overdue,
    group_key,
    group_label
FROM lead_at
WHERE status = 'open'

-- figure: amount_by_close
