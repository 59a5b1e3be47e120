-- Where is a customer, or one of her people, reached?
-- key: root_customer_id AS customer_id
-- types: customer.contact_point_* customer.contact_person_removed customer.person_forgotten

WITH told AS (
    SELECT
        root_customer_id AS customer_id,
        customer_id AS recorded_on,
        part_id AS point_id,
        position,
        type,
        data->>'kind' AS kind,
        nullif(personal->'value', '{"forgotten": true}') AS value,
        data->>'label' AS label,
        coalesce((data->>'primary')::boolean, false) AS is_primary,
        (data->>'person_id')::uuid AS person_id,
        occurred_at
    FROM history
), standing AS (
    SELECT
        *,
        max(position) FILTER (WHERE type LIKE 'customer.contact\_point\_%') OVER by_point AS last_position,
        min(occurred_at) FILTER (WHERE type LIKE 'customer.contact\_point\_%') OVER by_point AS added_at,
        -- whose people leave, their contact points go with them
        max(position) FILTER (WHERE type IN ('customer.contact_person_removed', 'customer.person_forgotten')) OVER (
            PARTITION BY customer_id, person_id
        ) AS left_position
    FROM told
    WINDOW by_point AS (PARTITION BY customer_id, point_id)
)
SELECT
    customer_id,
    point_id,
    recorded_on,
    kind,
    value->>'as_written' AS written,
    value->>'normalised' AS normalised,
    value->>'comparable' AS comparable,
    value->>'extension' AS extension,
    label,
    -- the one that was recorded as such last, else the first; of two who were merged, the survivor's own
    row_number() OVER (
        PARTITION BY customer_id, kind, person_id
        ORDER BY
            recorded_on = customer_id DESC,
            is_primary DESC,
            CASE WHEN is_primary THEN -position ELSE position END
    ) = 1 AS is_primary,
    person_id,
    added_at,
    position
FROM standing
WHERE position = last_position
    AND type IN ('customer.contact_point_added', 'customer.contact_point_corrected')
    AND coalesce(left_position < position, true)
