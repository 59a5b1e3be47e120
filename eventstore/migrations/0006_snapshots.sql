-- Snapshots: what a stream's events amount to at a version, so that a long stream need not be read from its beginning.
-- They may hold personal data, and any of them can be deleted at any time: the events alone count.

CREATE TABLE log.snapshot (
    stream_id   uuid        NOT NULL,
    version     integer     NOT NULL,
    customer_id uuid        NOT NULL,
    type        text        NOT NULL,
    state       jsonb       NOT NULL,
    taken_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (stream_id, version)
);

CREATE INDEX snapshot_of_customer ON log.snapshot (customer_id);

-- Keep a snapshot of a stream at a version that it has reached. Answers whether it was kept: not where anybody of that
-- customer was forgotten, because nobody can tell whether the state was loaded before that.
CREATE FUNCTION log.add_snapshot(stream_id uuid, version integer, type text, state jsonb)
RETURNS boolean LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    owner_id uuid;
    is_held  boolean;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'keeping a snapshot needs READ COMMITTED' USING ERRCODE = 'invalid_transaction_state';
    END IF;
    SELECT e.customer_id
    INTO owner_id
    FROM log.event AS e
    WHERE e.stream_id = add_snapshot.stream_id
        AND e.version = add_snapshot.version;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'stream % has no version %', add_snapshot.stream_id, add_snapshot.version
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'snapshot_of_event';
    END IF;
    -- Forgetting takes this lock exclusively, before it deletes: what it has not seen sees it.
    is_held := pg_advisory_xact_lock_shared(uuid_hash_extended(owner_id, 0::bigint)) IS NOT NULL;
    IF EXISTS (
        SELECT
        FROM log.forgotten AS f
        WHERE f.customer_id = owner_id
    ) THEN
        RETURN false;
    END IF;
    INSERT INTO log.snapshot (stream_id, version, customer_id, type, state)
    VALUES (add_snapshot.stream_id, add_snapshot.version, owner_id, add_snapshot.type, add_snapshot.state);
    RETURN true;
END
$$;
