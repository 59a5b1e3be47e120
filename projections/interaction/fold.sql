-- question: When, how and about what were we in touch with this customer?
-- key: part_id AS interaction_id
-- types: customer.interaction_* lead.interaction_* ticket.interaction_*

WITH interaction AS (
    SELECT
        stream_id,
        part_id,
        stream_type,
        root_customer_id,
        max(position) AS position,
        -- who corrects says how it was, not when: the moment and who was in touch stay
        (array_agg(occurred_at ORDER BY position))[1] AS happened_at,
        (array_agg(actor ORDER BY position))[1] AS actor,
        (array_agg(data ORDER BY position DESC))[1] AS data,
        (array_agg(personal ORDER BY position DESC))[1] AS personal,
        bool_or(type LIKE '%.interaction\_corrected') AS is_corrected
    FROM history
    GROUP BY stream_id, part_id, stream_type, root_customer_id
    -- nothing brings back what was retracted
    HAVING NOT bool_or(type LIKE '%.interaction\_retracted')
)
SELECT
    stream_id,
    part_id AS interaction_id,
    stream_type,
    root_customer_id AS customer_id,
    position,
    happened_at,
    data->>'kind' AS kind,
    data->>'direction' AS direction,
    data->>'about' AS about,
    (data->>'duration_seconds')::integer AS duration_seconds,
    -- a fact may be told again after its subject was forgotten; it then says so in its place
    nullif(personal->'summary', '{"forgotten": true}') #>> '{}' AS summary,
    nullif(personal->'outcome', '{"forgotten": true}') #>> '{}' AS outcome,
    nullif(personal->'external_id', '{"forgotten": true}') #>> '{}' AS external_id,
    actor,
    is_corrected
FROM interaction
