-- question: How long had each lead been in which stage by as_of?
-- reads: lead_stage_interval pipeline_stage lead campaign workspace_member
-- groups: owner team product source campaign pipeline stage

-- One row per time that a lead was open in a stage while nothing else changed, and with group_by product one per product.
-- A lead's stay in a stage is all of these together, from the first to the last; `left_at` is when it was over, null while
-- the lead is in the stage still. Leads that were in none since the period began, or since as_of if that came first, are
-- left out. Owner and team are those at as_of, the order of the stages, product, source and campaign are today's.
SELECT
    stay.*,
    s.place,
    grouped.group_key,
    CASE %(group_by)s::text
        WHEN 'owner' THEN m.name
        WHEN 'campaign' THEN c.name
        ELSE grouped.group_key
    END AS group_label
FROM (
    SELECT
        lead_id,
        stage_position AS position,
        pipeline,
        stage,
        extract(epoch FROM least(valid_to, %(as_of)s) - valid_from) / 86400 AS days,
        CASE
            WHEN NOT bool_or(valid_to IS NULL OR valid_to > %(as_of)s) OVER stay THEN max(valid_to) OVER stay
        END AS left_at,
        min(valid_from) OVER stay AS entered_at
    FROM lead_stage_interval
    WHERE status = 'open'
        AND stage IS NOT NULL
        AND valid_from <= %(as_of)s
        -- most leads were over and done with before the period: their stays need not be put together
        AND lead_id IN (
            SELECT late.lead_id
            FROM lead_stage_interval AS late
            WHERE late.status = 'open'
                AND late.stage IS NOT NULL
                AND (late.valid_to IS NULL OR late.valid_to >= least(%(period_from)s, %(as_of)s))
        )
    WINDOW stay AS (PARTITION BY lead_id, pipeline, stage)
) AS stay
JOIN lead_stage_interval AS here
    ON here.lead_id = stay.lead_id
    AND here.valid_from <= %(as_of)s
    AND (here.valid_to IS NULL OR here.valid_to > %(as_of)s)
LEFT JOIN pipeline_stage AS s
    ON s.pipeline = stay.pipeline
    AND s.stage = stay.stage
    AND s.is_current
LEFT JOIN lead AS l
    ON l.lead_id = stay.lead_id
LEFT JOIN campaign AS c
    ON c.campaign_id = l.campaign_id
LEFT JOIN workspace_member AS m
    ON m.member_id = here.owner_id
CROSS JOIN LATERAL unnest(CASE %(group_by)s::text
    WHEN 'owner' THEN ARRAY[here.owner_id::text]
    WHEN 'team' THEN ARRAY[here.team]
    WHEN 'product' THEN coalesce(nullif(l.product_ids, '{}'), ARRAY[NULL::text])
    WHEN 'source' THEN ARRAY[l.source]
    WHEN 'campaign' THEN ARRAY[l.campaign_id::text]
    WHEN 'pipeline' THEN ARRAY[stay.pipeline]
    WHEN 'stage' THEN ARRAY[stay.stage]
    ELSE ARRAY[NULL::text]
END) AS grouped (group_key)
-- a lead that was merged counts where its work goes on
WHERE here.status IS DISTINCT FROM 'merged'
