-- The first personal row that does not go with its event or with an erasure, or mark of an erasure that does not. A row
-- may be gone only where an event says that the customer or one of her persons was forgotten later; whose row it was is
-- gone with it. Where somebody is marked as forgotten but no event says so, `claimed` is where it should: if that event
-- is gone, it is what was tampered with. What must be gone follows from the events too: a mark can be taken away.
WITH personal AS NOT MATERIALIZED (
    {personal}
), said AS MATERIALIZED (
    SELECT
        e.customer_id,
        CASE e.type WHEN 'customer.forgotten' THEN e.customer_id::text ELSE e.data ->> 'person_id' END AS subject,
        e.position
    FROM log.event AS e
    WHERE e.type IN ('customer.forgotten', 'customer.person_forgotten')
), erasure AS MATERIALIZED (
    SELECT *
    FROM said
    UNION ALL
    -- her records in another's history are forgotten there, or the person in them is
    SELECT
        f.customer_id,
        CASE s.subject WHEN s.customer_id::text THEN f.stream_id::text ELSE s.subject END,
        s.position
    FROM said AS s
    CROSS JOIN LATERAL log.filed_elsewhere(ARRAY[s.customer_id], s.position) AS f
), unlike AS (
    SELECT
        coalesce(e.position, p.position) AS position,
        e.customer_id,
        e.stream_id,
        CASE
            WHEN p.customer_id IS NULL THEN 'personal row missing'
            WHEN e.personal_digest IS NULL THEN 'personal row slipped in'
            ELSE 'personal row changed'
        END AS what
    FROM log.event AS e
    FULL JOIN personal AS p
        ON p.customer_id = e.customer_id
        AND p.position = e.position
    WHERE e.personal_digest IS DISTINCT FROM p.digest
    OFFSET 0
)
SELECT
    position,
    what,
    coalesce(claimed, position) AS claimed
FROM (
    SELECT
        u.position,
        u.what,
        CASE WHEN u.what = 'personal row missing' THEN (
            SELECT min(f.position)
            FROM log.forgotten AS f
            WHERE f.customer_id = u.customer_id
                AND f.position > u.position
        ) END AS claimed
    FROM unlike AS u
    WHERE u.what <> 'personal row missing'
        OR NOT EXISTS (
            SELECT
            FROM erasure AS x
            WHERE x.customer_id = u.customer_id
                AND x.position > u.position
                AND (
                    x.subject <> x.customer_id::text
                    OR log.holder(u.stream_id, u.customer_id, x.position) = u.customer_id
                )
        )
    UNION ALL
    -- Nothing is recorded of whom was forgotten any more. Why she was stays, beside the event that says so.
    SELECT
        p.position,
        'personal row slipped in',
        -- without its mark it may be the event that was tampered with
        CASE WHEN NOT EXISTS (
            SELECT
            FROM log.forgotten AS f
            WHERE f.customer_id = x.customer_id
                AND f.subject_id::text = x.subject
                AND f.position = x.position
        ) THEN x.position END
    FROM erasure AS x
    JOIN personal AS p
        ON p.customer_id = x.customer_id
    JOIN log.event AS e
        ON e.customer_id = p.customer_id
        AND e.position = p.position
    -- a record that was another's by then was not forgotten with her
    WHERE CASE x.subject
            WHEN x.customer_id::text THEN log.holder(e.stream_id, e.customer_id, x.position) = e.customer_id
            ELSE x.subject IN (p.subject_id::text, e.stream_id::text)
        END
        AND NOT EXISTS (
            SELECT
            FROM erasure AS beside
            WHERE beside.customer_id = p.customer_id
                AND beside.position = p.position
        )
    UNION ALL
    SELECT
        x.position,
        'mark missing',
        NULL
    FROM erasure AS x
    WHERE NOT EXISTS (
        SELECT
        FROM log.forgotten AS f
        WHERE f.customer_id = x.customer_id
            AND f.subject_id::text = x.subject
    )
    UNION ALL
    SELECT
        f.position,
        'false mark',
        NULL
    FROM log.forgotten AS f
    WHERE NOT EXISTS (
        SELECT
        FROM erasure AS x
        WHERE x.customer_id = f.customer_id
            AND x.subject = f.subject_id::text
            AND x.position = f.position
    )
) AS found
ORDER BY 3, 1
LIMIT 1
