-- Rows come in the order of their positions, so that they lie on the disk in that order too. Of what is forgotten only
-- the digest is kept, as if it had been erased since.
WITH placed AS (
    SELECT
        row_number() OVER (ORDER BY s.recorded_at, s.number, s.ordinal) AS position,
        s.*
    FROM pg_temp.staged AS s
), ready AS MATERIALIZED (
    SELECT
        p.*,
        log.personal_digest(p.personal, p.salt) AS personal_digest
    FROM placed AS p
), beside AS (
    INSERT INTO log.personal_data (customer_id, position, subject_id, data, salt)
    SELECT
        r.customer_id,
        r.position,
        r.subject_id,
        r.personal,
        r.salt
    FROM ready AS r
    WHERE r.personal IS NOT NULL
        AND NOT r.is_forgotten
), marked AS (
    INSERT INTO log.forgotten (customer_id, subject_id, position)
    SELECT
        r.customer_id,
        coalesce((r.data ->> 'person_id')::uuid, r.customer_id),
        r.position
    FROM ready AS r
    WHERE r.type IN ('customer.forgotten', 'customer.person_forgotten')
), claimed AS (
    INSERT INTO log.external_id (system, key, customer_id, stream_id)
    SELECT
        claim.system,
        claim.key,
        r.customer_id,
        r.stream_id
    FROM ready AS r
    CROSS JOIN LATERAL jsonb_to_recordset(r.external_ids) AS claim (system text, key text)
    WHERE r.external_ids IS NOT NULL
        AND NOT r.is_forgotten
)
INSERT INTO log.event
SELECT
    r.position,
    r.customer_id,
    r.stream_id,
    r.stream_type,
    r.version,
    r.event_id,
    r.type,
    r.schema_version,
    r.data,
    r.personal_digest,
    r.actor,
    NULL,
    r.correlation_id,
    r.causation_id,
    r.metadata,
    r.part_id,
    r.occurred_at,
    r.recorded_at,
    log.digest(ROW(
        r.position,
        r.customer_id,
        r.stream_id,
        r.stream_type,
        r.version,
        r.event_id,
        r.type,
        r.schema_version,
        r.data,
        r.personal_digest,
        r.actor,
        NULL,
        r.correlation_id,
        r.causation_id,
        r.metadata,
        r.part_id,
        r.occurred_at,
        r.recorded_at,
        NULL
    )::log.event)
FROM ready AS r
