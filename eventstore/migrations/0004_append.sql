-- Appending in full: what was forgotten is refused, a stream's versions rise with its positions, and COPY for many rows.

-- Whoever is named here was forgotten: a whole customer where both ids are hers, else one person of that customer.
CREATE TABLE log.forgotten (
    customer_id uuid   NOT NULL,
    subject_id  uuid   NOT NULL,
    position    bigint NOT NULL,
    PRIMARY KEY (customer_id, subject_id)
);

DROP FUNCTION log.append(uuid, uuid, bytea, jsonb, jsonb);

-- Append the events of one command, all or nothing. Each event names its stream and the version it will have there;
-- a version of null means "the next one, whatever that is". `customer_ids` are those of the events, each once, in
-- rising order. Answers the positions, in the order of the events.
CREATE FUNCTION log.append(
    customer_ids uuid[],
    events jsonb,
    command_customer_id uuid,
    command_id uuid,
    body_hash bytea,
    external_ids jsonb
) RETURNS bigint[] LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    locked       uuid;
    is_held      boolean;
    item         jsonb;
    latest       record;
    next_version integer;
    event        log.event;
    moment       timestamptz;
    salt         bytea;
    positions    bigint[];
BEGIN
    -- Locks are taken in assignments: a query of its own for each would be a tenth of the work.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'appending needs READ COMMITTED' USING ERRCODE = 'invalid_transaction_state';
    END IF;
    FOREACH locked IN ARRAY append.customer_ids LOOP
        is_held := pg_advisory_xact_lock_shared(uuid_hash_extended(locked, 0::bigint)) IS NOT NULL;
    END LOOP;
    IF EXISTS (
        SELECT
        FROM log.forgotten AS f
        WHERE f.customer_id = ANY (append.customer_ids)
            AND (
                f.subject_id = f.customer_id
                OR append.events @> jsonb_build_array(jsonb_build_object('subject_id', f.subject_id))
            )
    ) THEN
        RAISE EXCEPTION 'the customer or the person was forgotten'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'forgotten';
    END IF;

    -- Two appends to several streams wait for each other here, in one order, and not inside the fence.
    IF jsonb_array_length(append.events) > 1 THEN
        PERFORM pg_advisory_xact_lock(uuid_hash_extended(stream.id, 1::bigint))
        FROM (
            SELECT DISTINCT (e ->> 'stream_id')::uuid AS id
            FROM jsonb_array_elements(append.events) AS e
            ORDER BY id
        ) AS stream;
    END IF;

    FOR number IN 0 .. jsonb_array_length(append.events) - 1 LOOP
        item := append.events -> number;

        -- The version is known before the position is drawn: whoever takes the next version draws a later position,
        -- and a writer of one stream that has already lost draws none.
        IF event.stream_id IS DISTINCT FROM (item ->> 'stream_id')::uuid THEN
            SELECT e.version, e.customer_id
            INTO latest
            FROM log.event AS e
            WHERE e.stream_id = (item ->> 'stream_id')::uuid
            ORDER BY e.version DESC
            LIMIT 1;
            next_version := coalesce(latest.version, 0);
        END IF;
        next_version := next_version + 1;
        IF coalesce(latest.customer_id, event.customer_id) <> (item ->> 'customer_id')::uuid AND next_version > 1 THEN
            RAISE EXCEPTION 'stream % belongs to another customer', item ->> 'stream_id'
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'event_customer';
        ELSIF (item ->> 'version')::integer <> next_version THEN
            RAISE EXCEPTION 'stream % is at version %', item ->> 'stream_id', next_version - 1
                USING ERRCODE = 'unique_violation', CONSTRAINT = 'event_version';
        END IF;

        IF moment IS NULL THEN
            is_held := log.enter_fence() IS NOT NULL;
            moment := clock_timestamp();
        END IF;
        salt := CASE WHEN item ? 'personal' THEN uuid_send(gen_random_uuid()) END;
        event := ROW(
            nextval('log.event_position'),
            item ->> 'customer_id',
            item ->> 'stream_id',
            item ->> 'stream_type',
            next_version,
            item ->> 'event_id',
            item ->> 'type',
            item ->> 'schema_version',
            item -> 'data',
            log.personal_digest(item -> 'personal', salt),
            item -> 'actor',
            append.command_id,
            item ->> 'correlation_id',
            item ->> 'causation_id',
            item -> 'metadata',
            item ->> 'part_id',
            coalesce((item ->> 'occurred_at')::timestamptz, moment),
            moment,
            NULL
        )::log.event;
        event.digest := log.digest(event);
        INSERT INTO log.event VALUES (event.*);
        IF salt IS NOT NULL THEN
            INSERT INTO log.personal_data (customer_id, position, subject_id, data, salt)
            VALUES (event.customer_id, event.position, (item ->> 'subject_id')::uuid, item -> 'personal', salt);
        END IF;
        positions := positions || event.position;
    END LOOP;

    IF append.command_id IS NOT NULL THEN
        INSERT INTO log.command (customer_id, command_id, body_hash, first_position, event_count)
        VALUES (append.command_customer_id, append.command_id, append.body_hash, positions[1], cardinality(positions));
    END IF;
    IF append.external_ids <> '[]' THEN
        INSERT INTO log.external_id (system, key, customer_id, stream_id)
        SELECT claim.system, claim.key, claim.customer_id, claim.stream_id
        FROM jsonb_to_recordset(append.external_ids) AS claim (system text, key text, customer_id uuid, stream_id uuid)
        ORDER BY claim.system, claim.key;
    END IF;
    RETURN positions;
END
$$;

-- Held (shared) by bulk appends in place of a lock for each of their customers; forgetting takes it exclusively.
CREATE FUNCTION log.enter_bulk() RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock_shared(1163281490, 2)
$$;

-- The same as `log.append` for the rows that this transaction has copied into pg_temp.incoming: many, each with its
-- version, without a command. Answers the last position.
CREATE FUNCTION log.append_copied(external_ids jsonb) RETURNS bigint LANGUAGE plpgsql SET work_mem = '64MB' AS $$
#variable_conflict use_column
DECLARE
    stale         record;
    moment        timestamptz;
    last_position bigint;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'appending needs READ COMMITTED' USING ERRCODE = 'invalid_transaction_state';
    END IF;
    PERFORM log.enter_bulk();
    IF EXISTS (
        SELECT
        FROM log.forgotten AS f
        JOIN pg_temp.incoming AS i
            ON i.customer_id = f.customer_id
            AND f.subject_id IN (i.customer_id, i.subject_id)
    ) THEN
        RAISE EXCEPTION 'the customer or the person was forgotten'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'forgotten';
    END IF;

    SELECT wanted.stream_id, latest.version, latest.customer_id <> ALL (wanted.customer_ids) AS is_strange
    INTO stale
    FROM (
        SELECT
            i.stream_id,
            array_agg(DISTINCT i.customer_id) AS customer_ids,
            min(i.version) AS first_version,
            array_agg(i.version ORDER BY i.ordinal) AS versions
        FROM pg_temp.incoming AS i
        GROUP BY i.stream_id
    ) AS wanted
    LEFT JOIN LATERAL (
        SELECT e.version, e.customer_id
        FROM log.event AS e
        WHERE e.stream_id = wanted.stream_id
        ORDER BY e.version DESC
        LIMIT 1
    ) AS latest
        ON true
    WHERE cardinality(wanted.customer_ids) > 1
        OR latest.customer_id <> ALL (wanted.customer_ids)
        OR wanted.first_version <> coalesce(latest.version, 0) + 1
        OR wanted.versions <> ARRAY(
            SELECT generate_series(wanted.first_version, wanted.first_version + cardinality(wanted.versions) - 1)
        )
    LIMIT 1;
    IF FOUND AND coalesce(stale.is_strange, false) THEN
        RAISE EXCEPTION 'stream % belongs to another customer', stale.stream_id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'event_customer';
    ELSIF FOUND THEN
        RAISE EXCEPTION 'stream % is at version %', stale.stream_id, coalesce(stale.version, 0)
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'event_version';
    END IF;

    PERFORM log.enter_fence();
    moment := clock_timestamp();
    WITH drawn AS (
        SELECT
            nextval('log.event_position') AS position,
            CASE WHEN i.personal IS NOT NULL THEN uuid_send(gen_random_uuid()) END AS salt,
            i.*
        FROM (SELECT * FROM pg_temp.incoming ORDER BY ordinal) AS i
    ), ready AS MATERIALIZED (
        SELECT d.*, log.personal_digest(d.personal, d.salt) AS personal_digest
        FROM drawn AS d
    ), beside AS (
        INSERT INTO log.personal_data (customer_id, position, subject_id, data, salt)
        SELECT r.customer_id, r.position, r.subject_id, r.personal, r.salt
        FROM ready AS r
        WHERE r.personal IS NOT NULL
    ), appended AS (
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
            coalesce(r.occurred_at, moment),
            moment,
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
                coalesce(r.occurred_at, moment),
                moment,
                NULL
            )::log.event)
        FROM ready AS r
        RETURNING position
    )
    SELECT max(position)
    INTO last_position
    FROM appended;

    INSERT INTO log.external_id (system, key, customer_id, stream_id)
    SELECT claim.system, claim.key, claim.customer_id, claim.stream_id
    FROM jsonb_to_recordset(append_copied.external_ids) AS claim (system text, key text, customer_id uuid, stream_id uuid)
    ORDER BY claim.system, claim.key;
    RETURN last_position;
END
$$;
