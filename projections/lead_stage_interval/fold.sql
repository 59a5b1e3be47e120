-- question: Which stage, status, owner, value and chance did a lead have at any moment?
-- key: stream_id AS lead_id
-- types: lead.captured lead.capture_corrected lead.reopened lead.recycled lead.won lead.lost lead.disqualified lead.moved_to_stage lead.valued lead.assigned lead.qualified lead.probability_overridden lead.expected_close_moved lead.merged_into lead.merge_reverted lead.reattributed

-- What held at a moment T is, field by field, what was recorded last among the events that had happened by T. So a late
-- or corrected event changes just the time from which it holds.
WITH correction AS (
    SELECT
        stream_id,
        (array_agg(occurred_at ORDER BY position DESC) FILTER (WHERE type = 'lead.capture_corrected'))[1] AS occurred_at,
        (array_agg((data->>'to_customer_id')::uuid ORDER BY position DESC) FILTER (WHERE type = 'lead.reattributed'))[1] AS holder_id,
        jsonb_object_agg(data->>'merge_id', position ORDER BY position) FILTER (WHERE type = 'lead.merge_reverted') AS no_merge
    FROM history
    WHERE type IN ('lead.capture_corrected', 'lead.reattributed', 'lead.merge_reverted')
    GROUP BY stream_id
), change AS (
    SELECT
        h.stream_id,
        coalesce(c.holder_id, h.customer_id) AS customer_id,
        h.position,
        -- a corrected capture is the same capture at another moment
        CASE
            WHEN h.type = 'lead.captured' THEN coalesce(c.occurred_at, h.occurred_at)
            -- what was won on an earlier day than that on which it was told was won in the middle of it
            WHEN ((h.data->>'won_on')::date + interval '1 day 12 hours') AT TIME ZONE 'UTC' < h.occurred_at
                THEN ((h.data->>'won_on')::date + interval '12 hours') AT TIME ZONE 'UTC'
            ELSE h.occurred_at
        END AS occurred_at,
        h.type,
        h.data,
        CASE h.type
            WHEN 'lead.captured' THEN 'open'
            WHEN 'lead.reopened' THEN 'open'
            WHEN 'lead.recycled' THEN 'open'
            WHEN 'lead.won' THEN 'won'
            WHEN 'lead.lost' THEN 'lost'
            WHEN 'lead.disqualified' THEN 'disqualified'
        END AS status,
        coalesce(h.data->>'to_stage', h.data->>'stage') AS stage,
        h.data->'value' AS value
    FROM history AS h
    LEFT JOIN correction AS c
        ON c.stream_id = h.stream_id
    WHERE h.type NOT IN ('lead.capture_corrected', 'lead.merge_reverted', 'lead.reattributed')
        -- a merge that was reverted never held, and who has the lead now always had it
        AND NOT (h.type = 'lead.merged_into' AND coalesce((c.no_merge->>(h.data->>'merge_id'))::bigint > h.position, false))
), so_far AS (
    SELECT
        stream_id,
        customer_id,
        occurred_at,
        row_number() OVER (PARTITION BY stream_id, occurred_at ORDER BY position) AS rank_at_moment,
        min(occurred_at) FILTER (WHERE type = 'lead.captured') OVER (PARTITION BY stream_id) AS captured_at,
        -- a capture opens a lead, but no second one opens it again
        coalesce(
            max(position) FILTER (WHERE status IS NOT NULL AND type <> 'lead.captured') OVER until,
            max(position) FILTER (WHERE type = 'lead.captured') OVER until
        ) AS status_position,
        max(position) FILTER (WHERE stage IS NOT NULL) OVER until AS stage_position,
        max(position) FILTER (WHERE value IS NOT NULL) OVER until AS value_position,
        max(position) FILTER (WHERE type = 'lead.assigned') OVER until AS owner_position,
        -- who disqualifies or recycles a lead takes back that it was qualified
        max(position) FILTER (WHERE type IN ('lead.qualified', 'lead.disqualified', 'lead.recycled')) OVER until AS judged_position,
        max(position) FILTER (WHERE data ? 'probability') OVER until AS chance_position,
        max(position) FILTER (WHERE type = 'lead.expected_close_moved') OVER until AS expected_position,
        max(position) FILTER (WHERE type = 'lead.merged_into') OVER until AS merge_position
    FROM change
    WINDOW until AS (PARTITION BY stream_id ORDER BY occurred_at)
), moment AS (
    SELECT
        *,
        lag(state) OVER (PARTITION BY stream_id ORDER BY occurred_at) AS before
    FROM so_far
    CROSS JOIN LATERAL (
        SELECT ARRAY[
            status_position, stage_position, value_position, owner_position,
            judged_position, chance_position, expected_position, merge_position
        ]
    ) AS held (state)
    WHERE rank_at_moment = 1
), held AS (
    SELECT
        *,
        lead(occurred_at) OVER (PARTITION BY stream_id ORDER BY occurred_at) AS next_at
    FROM moment
    -- where an event that was recorded later had already happened, nothing changes
    WHERE state IS DISTINCT FROM before
)
SELECT
    m.stream_id AS lead_id,
    m.customer_id,
    m.captured_at,
    greatest(
        m.status_position, m.stage_position, m.value_position, m.owner_position,
        m.judged_position, m.chance_position, m.expected_position, m.merge_position
    ) AS position,
    m.occurred_at AS valid_from,
    m.next_at AS valid_to,
    CASE
        WHEN m.merge_position IS NOT NULL THEN 'merged'
        -- a history that began elsewhere may lack its capture
        WHEN m.captured_at IS NULL THEN coalesce(status.status, 'open')
        ELSE status.status
    END AS status,
    status.occurred_at AS status_since,
    m.status_position,
    stage.data->>'pipeline' AS pipeline,
    stage.stage,
    stage.occurred_at AS stage_since,
    m.stage_position,
    (owner.data->>'owner_id')::uuid AS owner_id,
    owner.data->>'team' AS team,
    (valued.value->>'amount')::numeric AS amount,
    valued.value->>'currency' AS currency,
    coalesce(judged.type = 'lead.qualified', false) AS is_qualified,
    (chance.data->>'probability')::numeric AS probability,
    (expected.data->>'expected_close')::date AS expected_close
FROM held AS m
LEFT JOIN change AS status
    ON status.position = m.status_position
LEFT JOIN change AS stage
    ON stage.position = m.stage_position
LEFT JOIN change AS owner
    ON owner.position = m.owner_position
LEFT JOIN change AS valued
    ON valued.position = m.value_position
LEFT JOIN change AS judged
    ON judged.position = m.judged_position
LEFT JOIN change AS chance
    ON chance.position = m.chance_position
LEFT JOIN change AS expected
    ON expected.position = m.expected_position
