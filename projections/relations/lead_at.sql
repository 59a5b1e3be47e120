-- question: What held for each lead at as_of?
-- reads: lead_stage_interval lead campaign workspace_member
-- groups: owner team product source campaign pipeline stage month

-- One row per lead, or with group_by product one per lead and product. Status, stage, owner, team, amount and chance are
-- those at as_of; product, source, campaign and the reason of a loss are today's. The month, of the zone, is that in which
-- a lead was closed, or in which an open one is expected to be.
SELECT
    i.*,
    l.source,
    l.campaign_id,
    c.name AS campaign,
    CASE WHEN i.status = 'lost' THEN l.lost_reason END AS lost_reason,
    grouped.group_key,
    CASE %(group_by)s::text
        WHEN 'owner' THEN m.name
        WHEN 'campaign' THEN c.name
        ELSE grouped.group_key
    END AS group_label
FROM lead_stage_interval AS i
LEFT JOIN lead AS l
    ON l.lead_id = i.lead_id
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
    WHEN 'pipeline' THEN ARRAY[i.pipeline]
    WHEN 'stage' THEN ARRAY[i.stage]
    WHEN 'month' THEN ARRAY[to_char(
        CASE WHEN i.status = 'open' THEN i.expected_close::timestamp ELSE i.status_since AT TIME ZONE %(zone)s END, 'YYYY-MM'
    )]
    ELSE ARRAY[NULL::text]
END) AS grouped (group_key)
-- a lead that was merged counts where its work goes on
WHERE i.status IS DISTINCT FROM 'merged'
    AND i.valid_from <= %(as_of)s
    AND (i.valid_to IS NULL OR i.valid_to > %(as_of)s)
