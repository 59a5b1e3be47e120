-- A log of leads with twenty events each, as imports leave it: digests, personal rows, commands.
WITH fence AS MATERIALIZED (
    SELECT log.enter_fence() IS NOT NULL AS is_held
), lead AS MATERIALIZED (
    SELECT
        gen_random_uuid() AS customer_id,
        gen_random_uuid() AS stream_id
    FROM fence
    CROSS JOIN generate_series(1, %(leads)s)
    WHERE fence.is_held
), drawn AS MATERIALIZED (
    SELECT
        nextval('log.event_position') AS position,
        lead.customer_id,
        lead.stream_id,
        version,
        CASE WHEN version = 1 THEN uuid_send(gen_random_uuid()) END AS salt
    FROM lead
    CROSS JOIN generate_series(1, 20) AS version
), beside AS (
    INSERT INTO log.personal_data (customer_id, position, subject_id, data, salt)
    SELECT customer_id, position, customer_id, %(personal)s::jsonb, salt
    FROM drawn
    WHERE salt IS NOT NULL
), command AS (
    INSERT INTO log.command (customer_id, command_id, body_hash, first_position, event_count)
    SELECT customer_id, gen_random_uuid(), uuid_send(gen_random_uuid()), position, 1
    FROM drawn
), event AS (
    SELECT ROW(
        position,
        customer_id,
        stream_id,
        'lead',
        version,
        gen_random_uuid(),
        CASE WHEN version = 1 THEN 'lead.captured' ELSE 'lead.qualified' END,
        1,
        CASE WHEN version = 1 THEN %(data)s::jsonb ELSE '{}' END,
        log.personal_digest(CASE WHEN version = 1 THEN %(personal)s::jsonb END, salt),
        '{"id": "00000000-0000-0000-0000-000000000002", "kind": "api_key"}',
        NULL,
        NULL,
        NULL,
        '{"channel": "api"}',
        NULL,
        clock_timestamp(),
        clock_timestamp(),
        NULL
    )::log.event AS row
    FROM drawn
)
INSERT INTO log.event
SELECT
    (row).position,
    (row).customer_id,
    (row).stream_id,
    (row).stream_type,
    (row).version,
    (row).event_id,
    (row).type,
    (row).schema_version,
    (row).data,
    (row).personal_digest,
    (row).actor,
    (row).command_id,
    (row).correlation_id,
    (row).causation_id,
    (row).metadata,
    (row).part_id,
    (row).occurred_at,
    (row).recorded_at,
    log.digest(row)
FROM event
