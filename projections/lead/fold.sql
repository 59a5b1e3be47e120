-- question: What do we know of this lead today?
-- key: stream_id AS lead_id
-- types: lead.* lead.events_undone

WITH product AS (
    SELECT
        stream_id,
        array_agg(product_id ORDER BY product_id) AS product_ids
    FROM (
        SELECT DISTINCT ON (stream_id, data->>'product_id')
            stream_id,
            data->>'product_id' AS product_id,
            type
        FROM history
        WHERE type IN ('lead.product_added', 'lead.product_repriced', 'lead.product_removed')
        ORDER BY stream_id, data->>'product_id', position DESC
    ) AS latest
    WHERE type <> 'lead.product_removed'
    GROUP BY stream_id
), custom_field AS (
    SELECT
        stream_id,
        jsonb_object_agg(field_id, value) FILTER (WHERE value IS NOT NULL) AS custom_fields
    FROM (
        SELECT DISTINCT ON (stream_id, data->>'field_id')
            stream_id,
            data->>'field_id' AS field_id,
            -- what was forgotten has no value, also where a fact told again says so in its place
            CASE
                WHEN personal ? 'personal_value' THEN personal->'personal_value'->'value'
                ELSE data->'value'->'value'
            END AS value
        FROM history
        WHERE type = 'lead.custom_field_recorded'
        ORDER BY stream_id, data->>'field_id', position DESC
    ) AS latest
    GROUP BY stream_id
), follow_up AS (
    SELECT
        stream_id,
        count(*) AS open_follow_ups
    FROM (
        SELECT
            stream_id,
            part_id,
            bool_or(type IN ('lead.follow_up_completed', 'lead.follow_up_cancelled', 'lead.follow_up_retracted')) AS is_done
        FROM history
        WHERE type LIKE 'lead.follow\_up\_%'
        GROUP BY stream_id, part_id
    ) AS task
    WHERE NOT is_done
    GROUP BY stream_id
), contact AS (
    -- the earliest of our own interactions that stand, or what was said to be a contact without one
    SELECT
        stream_id,
        min(happened_at) AS contacted_at
    FROM (
        SELECT
            stream_id,
            coalesce(min(occurred_at) FILTER (WHERE type = 'lead.interaction_logged'), min(occurred_at)) AS happened_at
        FROM history
        WHERE type IN (
            'lead.contacted', 'lead.interaction_logged', 'lead.interaction_corrected', 'lead.interaction_retracted'
        )
        GROUP BY stream_id, data->>'interaction_id'
        HAVING NOT bool_or(type = 'lead.interaction_retracted')
            AND (array_agg(
                type = 'lead.contacted' OR coalesce(data->>'direction' = 'outbound' AND data->>'kind' <> 'note', false)
                ORDER BY position DESC
            ))[1]
    ) AS reached_out
    GROUP BY stream_id
), told AS (
    SELECT
        stream_id,
        customer_id,
        version,
        position,
        type,
        data,
        personal,
        metadata,
        part_id,
        occurred_at,
        CASE type
            WHEN 'lead.reopened' THEN 'open'
            WHEN 'lead.recycled' THEN 'open'
            WHEN 'lead.won' THEN 'won'
            WHEN 'lead.lost' THEN 'lost'
            WHEN 'lead.disqualified' THEN 'disqualified'
        END AS status,
        coalesce(data->>'to_stage', data->>'stage') AS stage,
        CASE WHEN type IN ('lead.valued', 'lead.won') THEN data->'value' END AS value,
        -- what was won on an earlier day than that on which it was told was won in the middle of it
        CASE
            WHEN ((data->>'won_on')::date + interval '1 day 12 hours') AT TIME ZONE 'UTC' < occurred_at
                THEN ((data->>'won_on')::date + interval '12 hours') AT TIME ZONE 'UTC'
            ELSE occurred_at
        END AS held_from
    FROM history
), state AS (
    SELECT
        stream_id AS lead_id,
        customer_id,
        max(version) AS version,
        max(position) AS position,
        -- what is not said to be closed is open
        coalesce((array_agg(status ORDER BY position DESC) FILTER (WHERE status IS NOT NULL))[1], 'open') AS status,
        (array_agg(nullif(personal->'title', '{"forgotten": true}') ORDER BY position DESC) FILTER (WHERE type IN ('lead.captured', 'lead.retitled')))[1] AS title,
        (array_agg(data ORDER BY position) FILTER (WHERE type = 'lead.captured'))[1] AS captured,
        (array_agg(personal ORDER BY position) FILTER (WHERE type = 'lead.captured'))[1] AS captured_personal,
        (array_agg(data ORDER BY position DESC) FILTER (WHERE type IN ('lead.captured', 'lead.capture_corrected')))[1] AS touch,
        (array_agg(personal ORDER BY position DESC) FILTER (WHERE type IN ('lead.captured', 'lead.capture_corrected')))[1] AS touch_personal,
        (array_agg(data ORDER BY position DESC) FILTER (WHERE stage IS NOT NULL))[1] AS staged,
        (array_agg(stage ORDER BY position DESC) FILTER (WHERE stage IS NOT NULL))[1] AS stage,
        (array_agg((data->>'probability')::numeric ORDER BY position DESC) FILTER (WHERE data ? 'probability'))[1] AS probability,
        (array_agg(data->>'category' ORDER BY position DESC) FILTER (WHERE type = 'lead.forecast_category_chosen'))[1] AS forecast_category,
        (array_agg(data ORDER BY position DESC) FILTER (WHERE type = 'lead.assigned'))[1] AS assigned,
        (array_agg(value ORDER BY position DESC) FILTER (WHERE value IS NOT NULL))[1] AS value,
        (array_agg((data->>'expected_close')::date ORDER BY position DESC) FILTER (WHERE type = 'lead.expected_close_moved'))[1] AS expected_close,
        -- whatever changes the status ends the nurture that a recycling began
        (array_agg((data->>'until')::date ORDER BY position DESC) FILTER (WHERE status IS NOT NULL))[1] AS recycled_until,
        coalesce(
            (array_agg(occurred_at ORDER BY position DESC) FILTER (WHERE type IN ('lead.captured', 'lead.capture_corrected')))[1],
            min(occurred_at) FILTER (WHERE type <> 'lead.events_undone')
        ) AS captured_at,
        (array_agg(CASE WHEN type = 'lead.qualified' THEN occurred_at END ORDER BY position DESC)
            FILTER (WHERE type IN ('lead.qualified', 'lead.disqualified', 'lead.recycled')))[1] AS qualified_at,
        (array_agg(held_from ORDER BY position DESC) FILTER (WHERE status IS NOT NULL))[1] AS status_since,
        (array_agg(CASE WHEN type = 'lead.converted' THEN occurred_at END ORDER BY position DESC)
            FILTER (WHERE type IN ('lead.converted', 'lead.conversion_reverted')))[1] AS converted_at,
        (array_agg(personal ORDER BY position DESC) FILTER (WHERE type = 'lead.lost'))[1] AS lost,
        (array_agg((data->>'to_customer_id')::uuid ORDER BY position DESC) FILTER (WHERE type = 'lead.reattributed'))[1] AS holder_id,
        (array_agg(data ORDER BY position DESC) FILTER (WHERE type = 'lead.merged_into'))[1] AS merged,
        max(position) FILTER (WHERE type = 'lead.merged_into') AS merged_position,
        jsonb_object_agg(data->>'merge_id', position ORDER BY position) FILTER (WHERE type = 'lead.merge_reverted') AS no_merge,
        max(occurred_at) FILTER (WHERE type <> 'lead.events_undone') AS last_event_at,
        jsonb_path_query_array(
            jsonb_agg(metadata->'flags' ORDER BY position) FILTER (WHERE metadata ? 'flags'), '$[*][*]'
        ) AS flags
    FROM told
    GROUP BY stream_id, customer_id
    -- of a lead that was undone altogether only that is left
    HAVING bool_or(type <> 'lead.events_undone')
)
SELECT
    s.lead_id,
    coalesce(s.holder_id, s.customer_id) AS customer_id,
    s.version,
    s.position,
    -- whose work goes on in another lead is that one, until the merge is reverted
    CASE WHEN merge.survivor_id IS NULL THEN s.status ELSE 'merged' END AS status,
    -- a fact may be told again after its subject was forgotten; it then says so in its place
    s.title #>> '{}' AS title,
    s.touch->>'source' AS source,
    (s.captured->>'campaign_id')::uuid AS campaign_id,
    nullif(s.captured_personal->'form', '{"forgotten": true}') AS form,
    (s.captured->>'inbound')::boolean AS inbound,
    nullif(s.touch_personal->'external_ids', '{"forgotten": true}') AS external_ids,
    s.staged->>'pipeline' AS pipeline,
    s.stage,
    s.probability,
    s.forecast_category,
    (s.assigned->>'owner_id')::uuid AS owner_id,
    s.assigned->>'team' AS team,
    (s.value->>'amount')::numeric AS amount,
    s.value->>'currency' AS currency,
    coalesce(p.product_ids, '{}') AS product_ids,
    s.expected_close,
    s.recycled_until,
    (s.captured->>'received_at')::timestamptz AS received_at,
    s.captured_at,
    c.contacted_at,
    s.qualified_at,
    CASE WHEN s.status <> 'open' THEN s.status_since END AS closed_at,
    s.converted_at,
    merge.survivor_id AS merged_into,
    CASE WHEN s.status = 'lost' THEN nullif(s.lost->'reason', '{"forgotten": true}') #>> '{}' END AS lost_reason,
    CASE WHEN s.status = 'lost' THEN nullif(s.lost->'competitor', '{"forgotten": true}') #>> '{}' END AS competitor,
    coalesce(custom_field.custom_fields, '{}') AS custom_fields,
    coalesce(f.open_follow_ups, 0) AS open_follow_ups,
    s.last_event_at,
    ARRAY(SELECT jsonb_array_elements_text(s.flags)) AS flags
FROM state AS s
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN (s.no_merge->>(s.merged->>'merge_id'))::bigint > s.merged_position THEN NULL
        ELSE (s.merged->>'survivor_id')::uuid
    END AS survivor_id
) AS merge
LEFT JOIN product AS p
    ON p.stream_id = s.lead_id
LEFT JOIN follow_up AS f
    ON f.stream_id = s.lead_id
LEFT JOIN contact AS c
    ON c.stream_id = s.lead_id
LEFT JOIN custom_field
    ON custom_field.stream_id = s.lead_id
