-- A record that was filed under the wrong customer: its stream stays in that customer's history, and is another's. Who is
-- forgotten takes the records along that are hers, and leaves those that are not.

-- Such records are few; the partial index keeps them at hand.
CREATE INDEX event_of_reattribution ON log.event (stream_id, version)
    WHERE type IN ('lead.reattributed', 'ticket.reattributed');

-- Whose record a stream is at a position: whom it was reattributed to last, else in whose history it lies.
CREATE FUNCTION log.holder(stream_id uuid, customer_id uuid, upto bigint DEFAULT NULL)
RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT coalesce(
        (
            SELECT (e.data ->> 'to_customer_id')::uuid
            FROM log.event AS e
            WHERE e.stream_id = holder.stream_id
                AND e.type IN ('lead.reattributed', 'ticket.reattributed')
                AND (holder.upto IS NULL OR e.position <= holder.upto)
            ORDER BY e.version DESC
            LIMIT 1
        ),
        holder.customer_id
    )
$$;

-- The records that are these customers' at a position and lie in another's history.
CREATE FUNCTION log.filed_elsewhere(customer_ids uuid[], upto bigint DEFAULT NULL)
RETURNS TABLE (customer_id uuid, stream_id uuid, holder_id uuid) LANGUAGE sql STABLE AS $$
    SELECT
        e.customer_id,
        e.stream_id,
        (e.data ->> 'to_customer_id')::uuid
    FROM log.event AS e
    WHERE e.type IN ('lead.reattributed', 'ticket.reattributed')
        AND (e.data ->> 'to_customer_id')::uuid = ANY (filed_elsewhere.customer_ids)
        AND e.customer_id <> ALL (filed_elsewhere.customer_ids)
        AND (filed_elsewhere.upto IS NULL OR e.position <= filed_elsewhere.upto)
        AND NOT EXISTS (
            SELECT
            FROM log.event AS later
            WHERE later.stream_id = e.stream_id
                AND later.type IN ('lead.reattributed', 'ticket.reattributed')
                AND later.version > e.version
                AND (filed_elsewhere.upto IS NULL OR later.position <= filed_elsewhere.upto)
        )
$$;

-- What is personal about these customers, wherever it lies. What lies at a mark is not: it is why somebody was
-- forgotten, in the words of another.
CREATE FUNCTION log.personal_of(customer_ids uuid[]) RETURNS SETOF log.personal_data LANGUAGE sql STABLE AS $$
    SELECT p.*
    FROM log.personal_data AS p
    JOIN log.event AS e
        ON e.customer_id = p.customer_id
        AND e.position = p.position
    WHERE p.customer_id = ANY (
            personal_of.customer_ids || ARRAY(SELECT f.customer_id FROM log.filed_elsewhere(personal_of.customer_ids) AS f)
        )
        AND log.holder(e.stream_id, e.customer_id) = ANY (personal_of.customer_ids)
        AND NOT EXISTS (
            SELECT
            FROM log.forgotten AS f
            WHERE f.customer_id = p.customer_id
                AND f.position = p.position
        )
$$;

-- Whether events concern a customer who was forgotten. They do not where every record of hers that they touch has become
-- another's before, and none becomes hers.
CREATE FUNCTION log.concerns(events jsonb, customer_id uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce(
        bool_or(
            log.holder((e ->> 'stream_id')::uuid, concerns.customer_id) = concerns.customer_id
            OR e #>> '{data,to_customer_id}' IS NOT DISTINCT FROM concerns.customer_id::text
        ),
        true
    )
    FROM jsonb_array_elements(concerns.events) AS e
    WHERE (e ->> 'customer_id')::uuid = concerns.customer_id
$$;

-- Append the events of one command, all or nothing. Each event names its stream and the version it will have there;
-- a version of null means "the next one, whatever that is". `customer_ids` are those of the events, and those to
-- whom a record is reattributed, each once, in rising order. Answers the positions, in the order of the events.
CREATE OR REPLACE FUNCTION log.append(
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
            AND CASE
                WHEN f.subject_id = f.customer_id THEN log.concerns(append.events, f.customer_id)
                ELSE append.events @> jsonb_build_array(jsonb_build_object('subject_id', f.subject_id))
                    OR append.events @> jsonb_build_array(jsonb_build_object('stream_id', f.subject_id))
            END
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

-- The same as `log.append` for the rows that this transaction has copied into pg_temp.incoming: many, each with its
-- version, without a command. Answers the last position.
CREATE OR REPLACE FUNCTION log.append_copied(external_ids jsonb) RETURNS bigint LANGUAGE plpgsql SET work_mem = '64MB' AS $$
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
            AND f.subject_id IN (i.customer_id, i.subject_id, i.stream_id)
        WHERE f.subject_id <> f.customer_id
            OR log.holder(i.stream_id, i.customer_id) = f.customer_id
    ) OR EXISTS (
        SELECT
        FROM log.forgotten AS f
        JOIN pg_temp.incoming AS i
            ON (i.data ->> 'to_customer_id')::uuid = f.customer_id
        WHERE f.subject_id = f.customer_id
            AND i.type IN ('lead.reattributed', 'ticket.reattributed')
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

-- Erase a customer and her merge group, or (with `person_id`) one contact person of theirs, whom none of them may name
-- again; `event` is the row to append for each of them, without ids. Answers, for each, the position of that event and
-- whether it was appended now: who was forgotten before is not forgotten again, only erased again. A record of theirs
-- that lies in another's history is marked there, so that nothing more is recorded in it either.
--
-- Its locks are those of the appends, taken exclusively: an append that came first is erased with the rest, one that
-- waits here sees the mark and is refused. Everything is read after they are held, so each statement needs its own
-- snapshot.
CREATE OR REPLACE FUNCTION log.forget(
    customer_id uuid,
    person_id uuid,
    event jsonb
) RETURNS TABLE (forgotten_id uuid, event_position bigint, is_new boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    members uuid[];
    locked  uuid[];
    wanted  uuid[];
    member  uuid;
    subject uuid;
    mark    bigint;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'forgetting needs READ COMMITTED' USING ERRCODE = 'invalid_transaction_state';
    END IF;
    PERFORM pg_advisory_xact_lock(1163281490, 2);
    LOOP
        members := log.merge_group(forget.customer_id);
        wanted := ARRAY(
            SELECT unnest(members)
            UNION
            SELECT f.customer_id
            FROM log.filed_elsewhere(members) AS f
            ORDER BY 1
        );
        EXIT WHEN wanted = locked;
        FOREACH member IN ARRAY wanted LOOP
            PERFORM pg_advisory_xact_lock(uuid_hash_extended(member, 0::bigint));
        END LOOP;
        locked := wanted;
    END LOOP;

    IF NOT EXISTS (SELECT FROM log.event AS e WHERE e.customer_id = forget.customer_id) THEN
        RAISE EXCEPTION 'there is no such customer' USING ERRCODE = 'no_data_found';
    ELSIF EXISTS (SELECT FROM log.event AS e WHERE e.customer_id = ANY (members) AND e.stream_type = 'workspace') THEN
        RAISE EXCEPTION 'the workspace is no customer' USING ERRCODE = 'no_data_found';
    ELSIF forget.person_id = ANY (members) THEN
        RAISE EXCEPTION 'this is the customer herself and no contact person' USING ERRCODE = 'no_data_found';
    ELSIF forget.person_id IS NOT NULL
        AND NOT EXISTS (SELECT FROM log.personal_of(members) AS p WHERE p.subject_id = forget.person_id)
        AND NOT EXISTS (
            SELECT FROM log.forgotten AS f WHERE f.customer_id = ANY (members) AND f.subject_id = forget.person_id
        )
    THEN
        RAISE EXCEPTION 'there is no such contact person' USING ERRCODE = 'no_data_found';
    END IF;

    DELETE FROM log.personal_data AS p
    USING log.personal_of(members) AS theirs
    WHERE p.customer_id = theirs.customer_id
        AND p.position = theirs.position
        AND (forget.person_id IS NULL OR p.subject_id = forget.person_id);
    DELETE FROM log.snapshot AS s WHERE s.customer_id = ANY (locked);
    IF forget.person_id IS NULL THEN
        DELETE FROM log.external_id AS x
        WHERE x.customer_id = ANY (locked)
            AND log.holder(x.stream_id, x.customer_id) = ANY (members);
    END IF;

    FOREACH member IN ARRAY members LOOP
        subject := coalesce(forget.person_id, member);
        SELECT f.position INTO mark FROM log.forgotten AS f WHERE f.customer_id = member AND f.subject_id = subject;

        is_new := mark IS NULL;
        IF is_new THEN
            mark := (log.append(
                ARRAY[member],
                jsonb_build_array(forget.event || jsonb_build_object(
                    'customer_id', member,
                    'stream_id', member,
                    'stream_type', 'customer',
                    'version', NULL,
                    'event_id', gen_random_uuid(),
                    'part_id', forget.person_id,
                    'data', jsonb_strip_nulls(forget.event->'data' || jsonb_build_object('person_id', forget.person_id)),
                    'type', CASE
                        WHEN forget.person_id IS NULL THEN 'customer.forgotten' ELSE 'customer.person_forgotten'
                    END
                )),
                NULL,
                NULL,
                NULL,
                '[]'
            ))[1];
            INSERT INTO log.forgotten (customer_id, subject_id, position) VALUES (member, subject, mark);
            INSERT INTO log.forgotten (customer_id, subject_id, position)
            SELECT DISTINCT f.customer_id, coalesce(forget.person_id, f.stream_id), mark
            FROM log.filed_elsewhere(members) AS f
            WHERE f.holder_id = member
            ON CONFLICT DO NOTHING;
        END IF;
        forgotten_id := member;
        event_position := mark;
        RETURN NEXT;
    END LOOP;
END
$$;
