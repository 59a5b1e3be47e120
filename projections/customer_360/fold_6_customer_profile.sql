-- key: root_customer_id AS customer_id
-- types: customer.registered customer.renamed customer.classified customer.owner_assigned customer.tagged customer.untagged customer.custom_field_recorded customer.merged_into customer.merge_reverted customer.survey_answered

-- What was recorded last of each field holds. Where customers were merged, it is the survivor's value, or that of
-- whom the merge chose, until the survivor's is recorded anew; what the survivor lacks is taken from the others.
WITH RECURSIVE told AS MATERIALIZED (
    SELECT
        root_customer_id AS customer_id,
        stream_id AS member_id,
        position,
        type,
        data,
        nullif(personal->'name', '{"forgotten": true}') AS name,
        nullif(personal->'external_ids', '{"forgotten": true}') AS external_ids,
        nullif(personal->'personal_value', '{"forgotten": true}') AS personal_value,
        occurred_at
    FROM history
), merge AS (
    SELECT
        customer_id,
        member_id,
        (data->>'survivor_id')::uuid AS survivor_id,
        position,
        coalesce(data->'field_choices', '{}') AS field_choices
    FROM (
        SELECT
            *,
            max(position) FILTER (WHERE type = 'customer.merged_into') OVER (PARTITION BY member_id) AS last_merge,
            max(position) FILTER (WHERE type = 'customer.merge_reverted') OVER (
                PARTITION BY member_id, data->>'merge_id'
            ) AS reverted_position
        FROM told
        WHERE type IN ('customer.merged_into', 'customer.merge_reverted')
    ) AS merging
    WHERE position = last_merge
        AND coalesce(reverted_position < position, true)
), way AS (
    -- from the survivor to each of those who were merged into her, at once or by way of another
    SELECT
        customer_id,
        member_id,
        jsonb_build_array(jsonb_build_object('position', position, 'field_choices', field_choices)) AS merges
    FROM merge
    WHERE survivor_id = customer_id
        AND member_id <> customer_id
    UNION ALL
    SELECT
        w.customer_id,
        m.member_id,
        w.merges || jsonb_build_object('position', m.position, 'field_choices', m.field_choices)
    FROM way AS w
    JOIN merge AS m
        ON m.customer_id = w.customer_id
        AND m.survivor_id = w.member_id
    WHERE m.member_id <> m.customer_id
), field AS (
    SELECT
        t.customer_id,
        t.member_id,
        t.position,
        given.field,
        given.is_custom,
        nullif(given.value, 'null') AS value
    FROM told AS t
    CROSS JOIN LATERAL (
        SELECT 'kind', false, t.data->'kind' WHERE t.type = 'customer.registered'
        UNION ALL
        SELECT 'source', false, t.data->'source' WHERE t.type = 'customer.registered'
        UNION ALL
        SELECT 'name', false, t.name WHERE t.type IN ('customer.registered', 'customer.renamed')
        UNION ALL
        SELECT
            'owner',
            false,
            nullif(
                jsonb_build_object('owner_id', t.data->'owner_id', 'team', t.data->'team'),
                '{"owner_id": null, "team": null}'
            )
        WHERE t.type IN ('customer.registered', 'customer.owner_assigned')
        UNION ALL
        SELECT name, false, t.data->name
        FROM unnest(ARRAY['segment', 'industry', 'size', 'tier']) AS name
        WHERE t.type = 'customer.classified'
        UNION ALL
        SELECT t.data->>'field_id', true, coalesce(t.personal_value, t.data->'value')->'value'
        WHERE t.type = 'customer.custom_field_recorded'
    ) AS given (field, is_custom, value)
), of_member AS (
    SELECT DISTINCT ON (customer_id, member_id, is_custom, field)
        *
    FROM field
    ORDER BY customer_id, member_id, is_custom, field, position DESC
), merged AS (
    SELECT
        customer_id,
        max(position) AS position
    FROM merge
    GROUP BY customer_id
), held AS (
    SELECT DISTINCT ON (f.customer_id, f.is_custom, f.field)
        f.customer_id,
        f.is_custom,
        f.field,
        f.value
    FROM of_member AS f
    LEFT JOIN merged AS m
        ON m.customer_id = f.customer_id
    LEFT JOIN way AS w
        ON w.customer_id = f.customer_id
        AND w.member_id = f.member_id
    ORDER BY
        f.customer_id,
        f.is_custom,
        f.field,
        -- what was emptied after the merge is empty
        f.value IS NULL AND coalesce(f.position < m.position, false),
        CASE
            WHEN w.merges IS NULL THEN ARRAY[f.position]
            ELSE ARRAY(
                SELECT CASE WHEN merge->'field_choices'->>f.field = 'merged' THEN (merge->>'position')::bigint ELSE 0 END
                FROM jsonb_array_elements(w.merges) WITH ORDINALITY AS step (merge, number)
                ORDER BY number
            ) || f.position
        END DESC
), described AS (
    SELECT
        customer_id,
        jsonb_object_agg(field, value) FILTER (WHERE NOT is_custom) AS fields,
        jsonb_object_agg(field, value) FILTER (WHERE is_custom AND value IS NOT NULL) AS custom_fields
    FROM held
    GROUP BY customer_id
), tag AS (
    SELECT
        customer_id,
        array_agg(tag ORDER BY tag COLLATE "C") AS tags
    FROM (
        SELECT DISTINCT ON (customer_id, data->>'tag')
            customer_id,
            data->>'tag' AS tag,
            type
        FROM told
        WHERE type IN ('customer.tagged', 'customer.untagged')
        ORDER BY customer_id, data->>'tag', position DESC
    ) AS latest
    WHERE type = 'customer.tagged'
    GROUP BY customer_id
), external_id AS (
    SELECT
        t.customer_id,
        jsonb_object_agg(id.system, id.key ORDER BY t.member_id = t.customer_id, t.position) AS external_ids
    FROM told AS t
    CROSS JOIN LATERAL jsonb_each(t.external_ids) AS id (system, key)
    WHERE t.type = 'customer.registered'
    GROUP BY t.customer_id
), summary AS (
    SELECT
        customer_id,
        min(occurred_at) AS first_at,
        max(position) AS position,
        (array_agg((data->>'score')::integer ORDER BY occurred_at DESC, position DESC) FILTER (WHERE data->>'survey' = 'nps'))[1] AS nps_score,
        (array_agg(occurred_at ORDER BY occurred_at DESC, position DESC) FILTER (WHERE data->>'survey' = 'nps'))[1] AS nps_at,
        (array_agg((data->>'score')::integer ORDER BY occurred_at DESC, position DESC) FILTER (WHERE data->>'survey' = 'csat'))[1] AS csat_score,
        (array_agg(occurred_at ORDER BY occurred_at DESC, position DESC) FILTER (WHERE data->>'survey' = 'csat'))[1] AS csat_at,
        (array_agg((data->>'score')::integer ORDER BY occurred_at DESC, position DESC) FILTER (WHERE data->>'survey' = 'ces'))[1] AS ces_score,
        (array_agg(occurred_at ORDER BY occurred_at DESC, position DESC) FILTER (WHERE data->>'survey' = 'ces'))[1] AS ces_at
    FROM told
    GROUP BY customer_id
)
SELECT
    a.customer_id,
    d.fields->>'kind' AS kind,
    d.fields->>'name' AS name,
    d.fields->>'source' AS source,
    (d.fields->'owner'->>'owner_id')::uuid AS owner_id,
    d.fields->'owner'->>'team' AS team,
    d.fields->>'segment' AS segment,
    d.fields->>'industry' AS industry,
    d.fields->>'size' AS size,
    d.fields->>'tier' AS tier,
    x.external_ids,
    coalesce(t.tags, '{}') AS tags,
    coalesce(d.custom_fields, '{}') AS custom_fields,
    a.nps_score,
    a.nps_at,
    a.csat_score,
    a.csat_at,
    a.ces_score,
    a.ces_at,
    a.first_at,
    a.position
FROM summary AS a
LEFT JOIN described AS d
    ON d.customer_id = a.customer_id
LEFT JOIN tag AS t
    ON t.customer_id = a.customer_id
LEFT JOIN external_id AS x
    ON x.customer_id = a.customer_id
