-- Whose history an event is read as: a merged customer's is her survivor's, a record's filed under the wrong customer is
-- the right one's. The log itself stays as it is.

-- Merges and reattributions are few; the partial indexes keep them at hand.
CREATE INDEX event_of_survivor ON log.event (((data ->> 'survivor_id')::uuid))
    WHERE type = 'customer.merged_into';
CREATE INDEX event_of_misfiling ON log.event (customer_id)
    WHERE type IN ('lead.reattributed', 'ticket.reattributed');
CREATE INDEX event_of_holder ON log.event (((data ->> 'to_customer_id')::uuid))
    WHERE type IN ('lead.reattributed', 'ticket.reattributed');

-- Who lives on in whose history at a position: each customer's last merge, if it was not reverted.
CREATE FUNCTION log.merge_at(upto bigint) RETURNS TABLE (customer_id uuid, survivor_id uuid) LANGUAGE sql STABLE AS $$
    SELECT
        merged.customer_id,
        (merged.data ->> 'survivor_id')::uuid
    FROM log.event AS merged
    WHERE merged.type = 'customer.merged_into'
        AND merged.position <= merge_at.upto
        AND NOT EXISTS (
            SELECT
            FROM log.event AS later
            WHERE later.customer_id = merged.customer_id
                AND later.position > merged.position
                AND later.position <= merge_at.upto
                AND later.type IN ('customer.merged_into', 'customer.merge_reverted')
                AND (
                    later.type = 'customer.merged_into'
                    OR later.data ->> 'merge_id' = merged.data ->> 'merge_id'
                )
        )
$$;

-- The customers in whose history these live on at a position: themselves, unless they were merged. A circle of merges,
-- which no rule allows, ends at one of its members.
CREATE FUNCTION log.roots(customer_ids uuid[], upto bigint) RETURNS TABLE (customer_id uuid, root_customer_id uuid)
LANGUAGE sql STABLE AS $$
    WITH RECURSIVE way AS (
        SELECT
            id AS customer_id,
            id AS at
        FROM unnest(roots.customer_ids) AS id
        UNION
        SELECT
            way.customer_id,
            merge.survivor_id
        FROM way
        -- looked up one by one: a planner that expects many would read all merges each time
        CROSS JOIN LATERAL (
            SELECT m.survivor_id
            FROM log.merge_at(roots.upto) AS m
            WHERE m.customer_id = way.at
            OFFSET 0
        ) AS merge
    )
    SELECT
        way.customer_id,
        (array_agg(way.at ORDER BY merge.survivor_id IS NOT NULL, way.at))[1]
    FROM way
    LEFT JOIN LATERAL (
        SELECT m.survivor_id
        FROM log.merge_at(roots.upto) AS m
        WHERE m.customer_id = way.at
        OFFSET 0
    ) AS merge
        ON true
    GROUP BY way.customer_id
$$;

-- These customers and all who live on in their histories at a position.
CREATE FUNCTION log.members(customer_ids uuid[], upto bigint) RETURNS TABLE (customer_id uuid) LANGUAGE sql STABLE AS $$
    WITH RECURSIVE member AS (
        SELECT id AS customer_id
        FROM unnest(members.customer_ids) AS id
        UNION
        SELECT merge.customer_id
        FROM member
        CROSS JOIN LATERAL (
            SELECT m.customer_id
            FROM log.merge_at(members.upto) AS m
            WHERE m.survivor_id = member.customer_id
            OFFSET 0
        ) AS merge
    )
    SELECT member.customer_id
    FROM member
$$;

-- Records that were filed under the wrong customer, and whose they are at a position.
CREATE FUNCTION log.misfiled_at(upto bigint) RETURNS TABLE (stream_id uuid, customer_id uuid, holder_id uuid)
LANGUAGE sql STABLE AS $$
    SELECT
        e.stream_id,
        e.customer_id,
        (e.data ->> 'to_customer_id')::uuid
    FROM log.event AS e
    WHERE e.type IN ('lead.reattributed', 'ticket.reattributed')
        AND e.position <= misfiled_at.upto
        AND NOT EXISTS (
            SELECT
            FROM log.event AS later
            WHERE later.stream_id = e.stream_id
                AND later.version > e.version
                AND later.position <= misfiled_at.upto
                AND later.type IN ('lead.reattributed', 'ticket.reattributed')
        )
$$;

-- A read model may have several tables.
ALTER TABLE replay.checkpoint ADD COLUMN tables text[] NOT NULL DEFAULT '{}';
UPDATE replay.checkpoint SET tables = ARRAY[projection];
