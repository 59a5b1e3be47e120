-- Seals: each stands for a finished range of positions, by the root of a hash tree over its events, and for the seal before.

-- A range begins right behind the one before, so that an event slipped into a gap of old positions is seen. `root` is
-- the tree of RFC 6962 over the events' digests in order of position; `seal` is sha256 over number, first_position,
-- last_position, event_count (each as 8 bytes, big endian), root and previous (32 zero bytes in the first seal).
CREATE TABLE log.seal (
    number         bigint      PRIMARY KEY CHECK (number > 0),
    first_position bigint      NOT NULL,
    last_position  bigint      NOT NULL,
    event_count    bigint      NOT NULL CHECK (event_count > 0),
    root           bytea       NOT NULL,
    previous       bytea       NOT NULL,
    seal           bytea       NOT NULL,
    sealed_at      timestamptz NOT NULL
);

-- For who checks the log and may not read what is personal: whose each personal row is, and the digest that its event
-- must have. Of the text itself the digest tells nothing, because nobody can guess the salt.
CREATE FUNCTION log.personal_digests()
RETURNS TABLE ("position" bigint, customer_id uuid, subject_id uuid, digest bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT
        p.position,
        p.customer_id,
        p.subject_id,
        sha256(p.salt || convert_to(p.data::text, 'UTF8'))
    FROM log.personal_data AS p
$$;
REVOKE EXECUTE ON FUNCTION log.personal_digests FROM PUBLIC;

CREATE TRIGGER seal_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log.seal
    FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
