-- question: What had campaigns cost and brought in by as_of?
-- reads: campaign_spending lead_stage_interval lead campaign
-- groups: campaign kind month

-- One row per cost, and one per won lead that came from a campaign. Of a lead that campaign counts, and alone, with which it
-- was captured: its first touch. The month, of the zone, is that of the cost or the win.
SELECT
    booked.*,
    CASE %(group_by)s::text
        WHEN 'campaign' THEN booked.campaign_id::text
        WHEN 'kind' THEN c.kind
        WHEN 'month' THEN to_char(booked.booked_at AT TIME ZONE %(zone)s, 'YYYY-MM')
    END AS group_key,
    CASE %(group_by)s::text
        WHEN 'campaign' THEN c.name
        WHEN 'kind' THEN c.kind
        WHEN 'month' THEN to_char(booked.booked_at AT TIME ZONE %(zone)s, 'YYYY-MM')
    END AS group_label
FROM (
    SELECT
        campaign_id,
        position,
        'spent' AS what,
        amount,
        currency,
        spent_at AS booked_at
    FROM campaign_spending
    WHERE spent_at <= %(as_of)s
    UNION ALL
    SELECT
        l.campaign_id,
        i.status_position AS position,
        'won' AS what,
        i.amount,
        i.currency,
        i.status_since AS booked_at
    FROM lead_stage_interval AS i
    JOIN lead AS l
        ON l.lead_id = i.lead_id
        AND l.campaign_id IS NOT NULL
    -- a lead that was merged counts where its work goes on
    WHERE i.status = 'won'
        AND i.valid_from <= %(as_of)s
        AND (i.valid_to IS NULL OR i.valid_to > %(as_of)s)
) AS booked
LEFT JOIN campaign AS c
    ON c.campaign_id = booked.campaign_id
