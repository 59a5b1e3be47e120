-- question: What held for each lead at as_of?
-- reads: lead_stage_interval lead workspace_member
-- groups: owner product source stage

-- One row per lead, or with group_by product one per lead and product. Status, stage, owner and amount are those at
-- as_of; product and source are today's.
SELECT
    i.*,
    grouped.group_key,
    CASE %(group_by)s::text WHEN 'owner' THEN m.name ELSE grouped.group_key END AS group_label
FROM lead_stage_interval AS i
LEFT JOIN lead AS l
    ON l.lead_id = i.lead_id
LEFT JOIN workspace_member AS m
    ON m.member_id = i.owner_id
CROSS JOIN LATERAL unnest(CASE %(group_by)s::text
    WHEN 'owner' THEN ARRAY[i.owner_id::text]
    WHEN 'product' THEN coalesce(nullif(l.product_ids, '{}'), ARRAY[NULL::text])
    WHEN 'source' THEN ARRAY[l.source]
    WHEN 'stage' THEN ARRAY[i.stage]
    ELSE ARRAY[NULL::text]
END) AS grouped (group_key)
-- a lead that was merged counts where its work goes on
WHERE i.status IS DISTINCT FROM 'merged'
    AND i.valid_from <= %(as_of)s
    AND (i.valid_to IS NULL OR i.valid_to > %(as_of)s)
