-- question: How far had each lead captured in the period come by as_of?
-- reads: lead_stage_interval pipeline_stage lead campaign workspace_member
-- groups: owner team product source campaign pipeline month

-- One row per event that brought a lead into a stage, or won it, and with group_by product per product. `reached` is the
-- place of the farthest stage that it was ever in, and one more than that of the last stage when it is won. A stage in
-- which it was for no time it was not in. The order of the stages, product, source and campaign are today's; the month is
-- that of the capture, in the zone.
SELECT
    here.lead_id,
    here.pipeline,
    told.position,
    told.number = 1 AS is_first,
    here.status,
    CASE WHEN here.status = 'won' THEN pipeline.stages + 1 ELSE path.reached END AS reached,
    grouped.group_key,
    CASE %(group_by)s::text
        WHEN 'owner' THEN m.name
        WHEN 'campaign' THEN c.name
        ELSE grouped.group_key
    END AS group_label
FROM lead_stage_interval AS here
LEFT JOIN (
    SELECT
        i.lead_id,
        i.pipeline,
        max(s.place) AS reached,
        array_agg(DISTINCT i.stage_position) AS positions
    FROM lead_stage_interval AS i
    LEFT JOIN pipeline_stage AS s
        ON s.pipeline = i.pipeline
        AND s.stage = i.stage
        AND s.is_current
    WHERE i.valid_from <= %(as_of)s
        AND i.captured_at >= %(period_from)s
        AND i.captured_at < %(period_to)s
        AND i.stage IS NOT NULL
    GROUP BY i.lead_id, i.pipeline
) AS path
    ON path.lead_id = here.lead_id
    AND path.pipeline = here.pipeline
LEFT JOIN (
    SELECT
        pipeline,
        max(place) AS stages
    FROM pipeline_stage
    WHERE is_current
    GROUP BY pipeline
) AS pipeline
    ON pipeline.pipeline = here.pipeline
LEFT JOIN lead AS l
    ON l.lead_id = here.lead_id
LEFT JOIN campaign AS c
    ON c.campaign_id = l.campaign_id
LEFT JOIN workspace_member AS m
    ON m.member_id = here.owner_id
CROSS JOIN LATERAL unnest(
    coalesce(path.positions, '{}') || CASE WHEN here.status = 'won' OR path.positions IS NULL THEN here.status_position END
) WITH ORDINALITY AS told (position, number)
CROSS JOIN LATERAL unnest(CASE %(group_by)s::text
    WHEN 'owner' THEN ARRAY[here.owner_id::text]
    WHEN 'team' THEN ARRAY[here.team]
    WHEN 'product' THEN coalesce(nullif(l.product_ids, '{}'), ARRAY[NULL::text])
    WHEN 'source' THEN ARRAY[l.source]
    WHEN 'campaign' THEN ARRAY[l.campaign_id::text]
    WHEN 'pipeline' THEN ARRAY[here.pipeline]
    WHEN 'month' THEN ARRAY[to_char(here.captured_at AT TIME ZONE %(zone)s, 'YYYY-MM')]
    ELSE ARRAY[NULL::text]
END) AS grouped (group_key)
-- a lead that was merged counts where its work goes on
WHERE here.status IS DISTINCT FROM 'merged'
    AND here.captured_at >= %(period_from)s
    AND here.captured_at < %(period_to)s
    AND here.captured_at <= %(as_of)s
    AND here.valid_from <= %(as_of)s
    AND (here.valid_to IS NULL OR here.valid_to > %(as_of)s)
    AND told.position IS NOT NULL
