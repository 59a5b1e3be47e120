-- question: Which leads were captured in the period, which were won in it, and which of them in time?
-- builds on: lead_at
-- groups: owner team product source campaign pipeline stage month
-- parameter within_days: 90; from 1 to 3650; days from the capture to the win

-- The rows of lead_at that were captured or won in the period. Immature is a lead whose days are not over at as_of.
SELECT
    *
FROM (
    SELECT
        lead_id,
        status_position AS position,
        source,
        campaign_id,
        campaign,
        status,
        coalesce(captured_at >= %(period_from)s AND captured_at < %(period_to)s AND captured_at <= %(as_of)s, false) AS is_captured,
        status = 'won' AND status_since >= %(period_from)s AND status_since < %(period_to)s AS is_won,
        coalesce(status = 'won' AND status_since <= captured_at + %(within_days)s * interval '1 day', false) AS is_converted,
        captured_at + %(within_days)s * interval '1 day' > %(as_of)s AS is_immature,
        group_key,
        group_label
    FROM lead_at
) AS told
WHERE is_captured
    OR is_won
