-- Forgetting: what is personal about a customer, or about one of her contact persons, is deleted beside the log.

-- Merges are few; the partial index keeps them at hand.
CREATE INDEX event_of_merge ON log.event (customer_id, position)
    WHERE type IN ('customer.merged_into', 'customer.merge_reverted');

-- Who lives on in whose history: one row per merge that was not reverted.
CREATE VIEW log.customer_alias AS
SELECT
    merged.customer_id,
    (merged.data->>'survivor_id')::uuid AS survivor_id
FROM log.event AS merged
WHERE merged.type = 'customer.merged_into'
    AND NOT EXISTS (
        SELECT
        FROM log.event AS reverted
        WHERE reverted.type = 'customer.merge_reverted'
            AND reverted.data->>'merge_id' = merged.data->>'merge_id'
            AND reverted.position > merged.position
    );

-- The customer and all who were merged with her, in either direction, in rising order.
CREATE FUNCTION log.merge_group(customer_id uuid) RETURNS uuid[] LANGUAGE sql STABLE AS $$
    WITH RECURSIVE member AS (
        SELECT merge_group.customer_id AS id
        UNION
        SELECT CASE WHEN alias.customer_id = member.id THEN alias.survivor_id ELSE alias.customer_id END
        FROM member
        JOIN log.customer_alias AS alias
            ON member.id IN (alias.customer_id, alias.survivor_id)
    )
    SELECT array_agg(member.id ORDER BY member.id)
    FROM member
$$;

-- As for the personal data (0007): no statistics, neither those that are there nor new ones.
ALTER TABLE log.external_id ALTER COLUMN key TYPE text;
ALTER TABLE log.external_id ALTER COLUMN key SET STATISTICS 0;
ALTER TABLE log.snapshot ALTER COLUMN state TYPE jsonb;
ALTER TABLE log.snapshot ALTER COLUMN state SET STATISTICS 0;

-- Erase a customer and her merge group, or (with `person_id`) one contact person of theirs, whom none of them may name
-- again; `event` is the row to append for each of them, without ids. Answers, for each, the position of that event and whether it was appended now: who was
-- forgotten before is not forgotten again, only erased again.
--
-- Its locks are those of the appends, taken exclusively: an append that came first is erased with the rest, one that
-- waits here sees the mark and is refused. Everything is read after they are held, so each statement needs its own
-- snapshot.
CREATE FUNCTION log.forget(
    customer_id uuid,
    person_id uuid,
    event jsonb
) RETURNS TABLE (forgotten_id uuid, event_position bigint, is_new boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    members uuid[];
    locked  uuid[];
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
        EXIT WHEN members = locked;
        FOREACH member IN ARRAY members LOOP
            PERFORM pg_advisory_xact_lock(uuid_hash_extended(member, 0::bigint));
        END LOOP;
        locked := members;
    END LOOP;

    IF NOT EXISTS (SELECT FROM log.event AS e WHERE e.customer_id = forget.customer_id) THEN
        RAISE EXCEPTION 'there is no such customer' USING ERRCODE = 'no_data_found';
    ELSIF EXISTS (SELECT FROM log.event AS e WHERE e.customer_id = ANY (members) AND e.stream_type = 'workspace') THEN
        RAISE EXCEPTION 'the workspace is no customer' USING ERRCODE = 'no_data_found';
    ELSIF forget.person_id = ANY (members) THEN
        RAISE EXCEPTION 'this is the customer herself and no contact person' USING ERRCODE = 'no_data_found';
    ELSIF forget.person_id IS NOT NULL
        AND NOT EXISTS (
            SELECT
            FROM log.personal_data AS p
            WHERE p.customer_id = ANY (members)
                AND p.subject_id = forget.person_id
                AND NOT EXISTS (
                    SELECT FROM log.forgotten AS f WHERE f.customer_id = p.customer_id AND f.position = p.position
                )
        )
        AND NOT EXISTS (
            SELECT FROM log.forgotten AS f WHERE f.customer_id = ANY (members) AND f.subject_id = forget.person_id
        )
    THEN
        RAISE EXCEPTION 'there is no such contact person' USING ERRCODE = 'no_data_found';
    END IF;

    FOREACH member IN ARRAY members LOOP
        subject := coalesce(forget.person_id, member);
        SELECT f.position INTO mark FROM log.forgotten AS f WHERE f.customer_id = member AND f.subject_id = subject;

        -- What lies at a mark is why somebody was forgotten, in the words of another.
        DELETE FROM log.personal_data AS p
        WHERE p.customer_id = member
            AND (forget.person_id IS NULL OR p.subject_id = forget.person_id)
            AND NOT EXISTS (SELECT FROM log.forgotten AS f WHERE f.customer_id = member AND f.position = p.position);
        DELETE FROM log.snapshot AS s WHERE s.customer_id = member;
        IF forget.person_id IS NULL THEN
            DELETE FROM log.external_id AS x WHERE x.customer_id = member;
        END IF;

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
        END IF;
        forgotten_id := member;
        event_position := mark;
        RETURN NEXT;
    END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION log.forget FROM PUBLIC;
