-- The log: what happened, in one global order, with personal data beside it where it can be forgotten.

CREATE SCHEMA log;

-- CACHE 1: a session that kept numbers in reserve would write below a position that readers have passed.
CREATE SEQUENCE log.event_position AS bigint CACHE 1;

CREATE TABLE log.event (
    position        bigint      NOT NULL,
    customer_id     uuid        NOT NULL,
    stream_id       uuid        NOT NULL,
    stream_type     text        NOT NULL,
    version         integer     NOT NULL CHECK (version > 0),
    event_id        uuid        NOT NULL,
    type            text        NOT NULL,
    schema_version  smallint    NOT NULL,
    data            jsonb       NOT NULL,
    personal_digest bytea,
    actor           jsonb       NOT NULL,
    command_id      uuid,
    correlation_id  uuid,
    causation_id    uuid,
    metadata        jsonb       NOT NULL,
    part_id         uuid,
    occurred_at     timestamptz NOT NULL,
    recorded_at     timestamptz NOT NULL,
    digest          bytea       NOT NULL,
    PRIMARY KEY (customer_id, position),
    CONSTRAINT event_version UNIQUE (stream_id, version)
);

CREATE UNIQUE INDEX event_in_order ON log.event (position);
CREATE INDEX event_of_part ON log.event (part_id, position) WHERE part_id IS NOT NULL;

CREATE TABLE log.personal_data (
    customer_id uuid   NOT NULL,
    position    bigint NOT NULL,
    subject_id  uuid   NOT NULL,
    data        jsonb  NOT NULL,
    salt        bytea  NOT NULL,
    PRIMARY KEY (customer_id, position)
);

-- One row per command that was carried out: a retry meets it and acts no second time.
CREATE TABLE log.command (
    customer_id    uuid    NOT NULL,
    command_id     uuid    NOT NULL,
    body_hash      bytea   NOT NULL,
    first_position bigint  NOT NULL,
    event_count    integer NOT NULL,
    PRIMARY KEY (customer_id, command_id)
);

-- Names that other systems give to our streams. They may be personal (an e-mail address), so they can be deleted.
CREATE TABLE log.external_id (
    system      text NOT NULL,
    key         text NOT NULL,
    customer_id uuid NOT NULL,
    stream_id   uuid NOT NULL,
    PRIMARY KEY (system, key)
);

-- The epoch names this log's numbering: a log restored from a backup starts another one, and cursors of the old are told.
CREATE TABLE log.epoch (
    epoch      uuid        PRIMARY KEY,
    started_at timestamptz NOT NULL
);
INSERT INTO log.epoch VALUES (gen_random_uuid(), clock_timestamp());

CREATE VIEW log.history AS
SELECT
    e.position,
    e.customer_id,
    e.stream_id,
    e.stream_type,
    e.version,
    e.event_id,
    e.type,
    e.schema_version,
    e.data,
    p.data AS personal,
    e.personal_digest,
    e.actor,
    e.command_id,
    e.correlation_id,
    e.causation_id,
    e.metadata,
    e.part_id,
    e.occurred_at,
    e.recorded_at,
    e.digest
FROM log.event AS e
LEFT JOIN log.personal_data AS p
    ON p.customer_id = e.customer_id
    AND p.position = e.position;

-- How the program reads the log: `had_personal` tells a personal part that was forgotten from one that was never given.
CREATE VIEW log.recorded AS
SELECT
    position,
    customer_id,
    stream_id,
    stream_type,
    version,
    event_id,
    type,
    data,
    personal,
    personal_digest IS NOT NULL AS had_personal,
    actor,
    command_id,
    correlation_id,
    metadata,
    part_id,
    occurred_at,
    recorded_at
FROM log.history;

CREATE FUNCTION log.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the log is append-only: % on %.% is refused', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER event_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log.event
    FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
CREATE TRIGGER personal_data_is_never_rewritten BEFORE UPDATE OR TRUNCATE ON log.personal_data
    FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
CREATE TRIGGER command_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log.command
    FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();

-- record_send is the wire format: field by field with type and length, times as microseconds, jsonb as its canonical
-- text. It depends on neither the session's time zone nor its settings.
CREATE FUNCTION log.digest(event log.event) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(record_send(ROW(
        event.position,
        event.customer_id,
        event.stream_id,
        event.stream_type,
        event.version,
        event.event_id,
        event.type,
        event.schema_version,
        event.data,
        event.personal_digest,
        event.actor,
        event.command_id,
        event.correlation_id,
        event.causation_id,
        event.metadata,
        event.part_id,
        event.occurred_at,
        event.recorded_at
    )))
$$;

CREATE FUNCTION log.personal_digest(data jsonb, salt bytea) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT sha256(salt || convert_to(data::text, 'UTF8'))
$$;

-- Writers hold this lock (shared) from before they draw a position until they have committed; readers list its
-- holders. Taken as late as possible, so that readers wait for commits and not for business.
CREATE FUNCTION log.enter_fence() RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock_shared(1163281490, 1)
$$;

CREATE VIEW log.fence_holder AS
SELECT
    l.pid,
    l.virtualtransaction,
    coalesce(clock_timestamp() - a.xact_start, '0') AS age
FROM pg_locks AS l
LEFT JOIN pg_stat_activity AS a
    ON a.pid = l.pid
WHERE l.locktype = 'advisory'
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND l.classid = 1163281490
    AND l.objid = 1
    AND l.objsubid = 2
    AND l.mode = 'ShareLock'
    AND l.granted;

-- Append the events of one command, all or nothing. Each event names its stream and the version it will have there;
-- a version of null means "the next one, whatever that is". Answers the positions, in the order of the events.
CREATE FUNCTION log.append(
    command_customer_id uuid,
    command_id uuid,
    body_hash bytea,
    events jsonb,
    external_ids jsonb
) RETURNS bigint[] LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    stale     record;
    positions bigint[];
    moment    timestamptz;
BEGIN
    -- Checked before a position is drawn: a writer that has already lost burns none.
    SELECT wanted.stream_id, known.version, known.customer_id <> wanted.customer_id AS is_strange
    INTO stale
    FROM (
        SELECT e.stream_id, e.customer_id, min(e.version) AS first_version
        FROM jsonb_to_recordset(append.events) AS e (stream_id uuid, customer_id uuid, version integer)
        GROUP BY e.stream_id, e.customer_id
    ) AS wanted
    LEFT JOIN LATERAL (
        SELECT e.version, e.customer_id
        FROM log.event AS e
        WHERE e.stream_id = wanted.stream_id
        ORDER BY e.version DESC
        LIMIT 1
    ) AS known
        ON true
    WHERE wanted.first_version <> coalesce(known.version, 0) + 1
        OR known.customer_id <> wanted.customer_id
    LIMIT 1;
    IF stale.is_strange THEN
        RAISE EXCEPTION 'stream % belongs to another customer', stale.stream_id USING ERRCODE = 'integrity_constraint_violation';
    ELSIF FOUND THEN
        RAISE EXCEPTION 'stream % is at version %', stale.stream_id, coalesce(stale.version, 0)
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'event_version';
    END IF;

    PERFORM log.enter_fence();
    positions := ARRAY(SELECT nextval('log.event_position') FROM generate_series(1, jsonb_array_length(append.events)));
    moment := clock_timestamp();

    IF append.command_id IS NOT NULL THEN
        INSERT INTO log.command (customer_id, command_id, body_hash, first_position, event_count)
        VALUES (append.command_customer_id, append.command_id, append.body_hash, positions[1], cardinality(positions));
    END IF;

    INSERT INTO log.external_id (system, key, customer_id, stream_id)
    SELECT claim.system, claim.key, claim.customer_id, claim.stream_id
    FROM jsonb_to_recordset(append.external_ids) AS claim (system text, key text, customer_id uuid, stream_id uuid);

    WITH incoming AS MATERIALIZED (
        SELECT
            positions[e.ordinality] AS position,
            coalesce(e.version, (
                SELECT coalesce(max(known.version), 0)
                FROM log.event AS known
                WHERE known.stream_id = e.stream_id
            ) + row_number() OVER (PARTITION BY e.stream_id ORDER BY e.ordinality)) AS next_version,
            CASE WHEN e.personal IS NOT NULL THEN uuid_send(gen_random_uuid()) END AS salt,
            e.*
        FROM ROWS FROM (jsonb_to_recordset(append.events) AS (
            customer_id uuid,
            stream_id uuid,
            stream_type text,
            version integer,
            event_id uuid,
            type text,
            schema_version smallint,
            data jsonb,
            personal jsonb,
            subject_id uuid,
            actor jsonb,
            correlation_id uuid,
            causation_id uuid,
            metadata jsonb,
            part_id uuid,
            occurred_at timestamptz
        )) WITH ORDINALITY AS e
    ), beside AS (
        INSERT INTO log.personal_data (customer_id, position, subject_id, data, salt)
        SELECT i.customer_id, i.position, i.subject_id, i.personal, i.salt
        FROM incoming AS i
        WHERE i.personal IS NOT NULL
    ), complete AS (
        SELECT ROW(
            i.position,
            i.customer_id,
            i.stream_id,
            i.stream_type,
            i.next_version,
            i.event_id,
            i.type,
            i.schema_version,
            i.data,
            log.personal_digest(i.personal, i.salt),
            i.actor,
            append.command_id,
            i.correlation_id,
            i.causation_id,
            i.metadata,
            i.part_id,
            coalesce(i.occurred_at, moment),
            moment,
            ''::bytea
        )::log.event AS event
        FROM incoming AS i
    )
    INSERT INTO log.event
    SELECT
        (event).position,
        (event).customer_id,
        (event).stream_id,
        (event).stream_type,
        (event).version,
        (event).event_id,
        (event).type,
        (event).schema_version,
        (event).data,
        (event).personal_digest,
        (event).actor,
        (event).command_id,
        (event).correlation_id,
        (event).causation_id,
        (event).metadata,
        (event).part_id,
        (event).occurred_at,
        (event).recorded_at,
        log.digest(event)
    FROM complete;

    RETURN positions;
END
$$;
