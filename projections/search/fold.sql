-- question: By which words is this customer, lead or ticket found?
-- key: stream_id AS stream_id
-- types: customer.registered customer.renamed customer.contact_point_* customer.contact_person_added customer.contact_person_removed customer.person_forgotten lead.captured lead.capture_corrected lead.retitled ticket.opened

-- A line of text for each name, title, subject, contact point and external id that holds now. What was forgotten has none.
-- The history is read once: each reading would be planned and joined anew, for a single record too.
WITH told AS MATERIALIZED (
    SELECT
        stream_id,
        stream_type,
        root_customer_id,
        position,
        part_id,
        type,
        data,
        personal
    FROM history
), named AS (
    SELECT DISTINCT ON (stream_id)
        stream_id,
        stream_type,
        root_customer_id,
        position,
        coalesce(personal->'name', personal->'title', personal->'subject') AS text
    FROM told
    WHERE type IN ('customer.registered', 'customer.renamed', 'lead.captured', 'lead.retitled', 'ticket.opened')
    ORDER BY stream_id, position DESC
), identified AS (
    SELECT DISTINCT ON (stream_id)
        stream_id,
        stream_type,
        root_customer_id,
        position,
        CASE jsonb_typeof(personal->'external_ids') WHEN 'object' THEN personal->'external_ids' END AS external_ids
    FROM told
    WHERE type IN ('customer.registered', 'lead.captured', 'lead.capture_corrected', 'ticket.opened')
    ORDER BY stream_id, position DESC
), person AS (
    SELECT DISTINCT ON (stream_id, part_id)
        stream_id,
        stream_type,
        root_customer_id,
        position,
        part_id,
        type,
        personal->'name' AS text
    FROM told
    WHERE type IN ('customer.contact_person_added', 'customer.contact_person_removed', 'customer.person_forgotten')
    ORDER BY stream_id, part_id, position DESC
), point AS (
    SELECT DISTINCT ON (stream_id, part_id)
        stream_id,
        stream_type,
        root_customer_id,
        position,
        part_id,
        type,
        (data->>'person_id')::uuid AS person_id,
        personal->'value' AS value
    FROM told
    WHERE type IN ('customer.contact_point_added', 'customer.contact_point_corrected', 'customer.contact_point_removed')
    ORDER BY stream_id, part_id, position DESC
), line AS (
    SELECT
        stream_id,
        CASE stream_type WHEN 'customer' THEN 'name' WHEN 'lead' THEN 'title' ELSE 'subject' END AS kind,
        '' AS item,
        stream_type,
        root_customer_id,
        position,
        text,
        NULL AS normalised
    FROM named
    UNION ALL
    SELECT
        stream_id,
        'external_id' AS kind,
        external_id.key AS item,
        stream_type,
        root_customer_id,
        position,
        external_id.value AS text,
        NULL AS normalised
    FROM identified
    CROSS JOIN LATERAL jsonb_each(external_ids) AS external_id
    UNION ALL
    SELECT
        stream_id,
        'contact_person' AS kind,
        part_id::text AS item,
        stream_type,
        root_customer_id,
        position,
        text,
        NULL AS normalised
    FROM person
    WHERE type = 'customer.contact_person_added'
    UNION ALL
    SELECT
        point.stream_id,
        point.value->>'kind' AS kind,
        point.part_id::text AS item,
        point.stream_type,
        point.root_customer_id,
        point.position,
        point.value->'as_written' AS text,
        coalesce(point.value->>'comparable', point.value->>'normalised') AS normalised
    FROM point
    -- who does not speak for the customer any more is not reached there either
    LEFT JOIN person
        ON person.stream_id = point.stream_id
        AND person.part_id = point.person_id
        AND person.type <> 'customer.contact_person_added'
        AND person.position > point.position
    WHERE point.type <> 'customer.contact_point_removed'
        AND person.part_id IS NULL
)
SELECT
    stream_id,
    kind,
    item,
    stream_type,
    root_customer_id AS customer_id,
    position,
    text #>> '{}' AS text,
    CASE kind
        -- however it is written: by its digits
        WHEN 'phone' THEN regexp_replace(coalesce(normalised, text #>> '{}'), '[^0-9]', '', 'g')
        -- without accents, in small letters
        ELSE lower(regexp_replace(normalize(coalesce(normalised, text #>> '{}'), NFD), '[\u0300-\u036f]', '', 'g'))
    END AS sought
FROM line
WHERE jsonb_typeof(text) = 'string'
