-- question: Which leads that came to us had heard from one of us by as_of?
-- reads: lead_response lead_stage_interval lead campaign workspace_member
-- groups: owner team product source campaign month

-- One row per lead that came in by then, or with group_by product one per lead and product. Status, owner and team are
-- those at as_of; product, source and campaign are today's; the month is that in which it came in, in the zone.
SELECT
    r.lead_id,
    r.position,
    r.received_at,
    CASE WHEN r.responded_at <= %(as_of)s THEN r.responded_at END AS responded_at,
    CASE WHEN r.responded_at <= %(as_of)s THEN r.responded_position END AS responded_position,
    i.status,
    grouped.group_key,
    CASE %(group_by)s::text
        WHEN 'owner' THEN m.name
        WHEN 'campaign' THEN c.name
        ELSE grouped.group_key
    END AS group_label
FROM lead_response AS r
LEFT JOIN lead_stage_interval AS i
    ON i.lead_id = r.lead_id
    AND i.valid_from <= %(as_of)s
    AND (i.valid_to IS NULL OR i.valid_to > %(as_of)s)
LEFT JOIN lead AS l
    ON l.lead_id = r.lead_id
LEFT JOIN campaign AS c
    ON c.campaign_id = l.campaign_id
LEFT JOIN workspace_member AS m
    ON m.member_id = i.owner_id
CROSS JOIN LATERAL unnest(CASE %(group_by)s::text
    WHEN 'owner' THEN ARRAY[i.owner_id::text]
    WHEN 'team' THEN ARRAY[i.team]
    WHEN 'product' THEN coalesce(nullif(l.product_ids, '{}'), ARRAY[NULL::text])
    WHEN 'source' THEN ARRAY[l.source]
    WHEN 'campaign' THEN ARRAY[l.campaign_id::text]
    WHEN 'month' THEN ARRAY[to_char(r.received_at AT TIME ZONE %(zone)s, 'YYYY-MM')]
    ELSE ARRAY[NULL::text]
END) AS grouped (group_key)
WHERE r.received_at <= %(as_of)s
    -- a lead that was merged counts where its work goes on
    AND i.status IS DISTINCT FROM 'merged'

-- span
SELECT
    min(received_at) AS first_at,
    max(received_at) AS last_at
FROM lead_response
WHERE received_at <= %(as_of)s
