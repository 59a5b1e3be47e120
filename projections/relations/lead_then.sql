-- question: What held for each lead at as_of, and what at the end of the period?
-- reads: lead_stage_interval lead campaign workspace_member
-- groups: owner team product source campaign pipeline

-- One row per lead and moment, or with group_by product one per lead, moment and product; where as_of comes before the end
-- of the period, both moments are as_of. Product, source and campaign are today's.
SELECT
    i.*,
    moment.is_end,
    grouped.group_key,
    CASE %(group_by)s::text
        WHEN 'owner' THEN m.name
        WHEN 'campaign' THEN c.name
        ELSE grouped.group_key
    END AS group_label
FROM lead_stage_interval AS i
CROSS JOIN LATERAL (VALUES
    (false, i.valid_to IS NULL OR i.valid_to > %(as_of)s),
    -- the end of the period is not in it
    (true, i.valid_from < %(period_to)s AND (
        i.valid_to IS NULL OR i.valid_to > %(as_of)s OR i.valid_to >= %(period_to)s
    ))
) AS moment (is_end, holds)
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
    ELSE ARRAY[NULL::text]
END) AS grouped (group_key)
WHERE moment.holds
    AND i.valid_from <= %(as_of)s
    -- one of the two moments lies in it: said before the moments are asked one by one, of every row there is
    AND (
        i.valid_to IS NULL
        OR i.valid_to > %(as_of)s
        OR (i.valid_from < %(period_to)s AND i.valid_to >= %(period_to)s)
    )
    -- a lead that was merged counts where its work goes on, also for what it was before
    AND NOT EXISTS (
        SELECT
        FROM lead_stage_interval AS gone
        WHERE gone.lead_id = i.lead_id
            AND gone.status = 'merged'
            AND gone.valid_from <= %(as_of)s
    )
