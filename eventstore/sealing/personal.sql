-- The first personal row that does not go with its event, or mark of an erasure that no event speaks of. It may be gone only where an event says that the customer or
-- one of her persons was forgotten later; whose row it was is gone with it. Where somebody is marked as forgotten but no
-- event says so, `claimed` is where it should: if that event is gone, it is what was tampered with.
WITH proven AS NOT MATERIALIZED (
    SELECT
        f.customer_id,
        f.subject_id,
        f.position
    FROM log.forgotten AS f
    JOIN log.event AS e
        ON e.position = f.position
        AND e.customer_id = f.customer_id
    WHERE CASE
        WHEN f.subject_id = f.customer_id THEN e.type = 'customer.forgotten'
        ELSE e.type = 'customer.person_forgotten' AND e.data ->> 'person_id' = f.subject_id::text
    END
), unlike AS (
    SELECT
        coalesce(e.position, p.position) AS position,
        e.customer_id,
        CASE
            WHEN p.customer_id IS NULL THEN 'personal row missing'
            WHEN e.personal_digest IS NULL THEN 'personal row slipped in'
            ELSE 'personal row changed'
        END AS what
    FROM log.event AS e
    FULL JOIN log.personal_data AS p
        ON p.customer_id = e.customer_id
        AND p.position = e.position
    WHERE e.personal_digest IS DISTINCT FROM sha256(p.salt || convert_to(p.data::text, 'UTF8'))
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
            FROM proven AS f
            WHERE f.customer_id = u.customer_id
                AND f.position > u.position
        )
    UNION ALL
    SELECT
        p.position,
        'personal row slipped in',
        NULL
    FROM proven AS f
    JOIN log.personal_data AS p
        ON p.customer_id = f.customer_id
        AND p.position < f.position
        AND f.subject_id IN (p.customer_id, p.subject_id)
    UNION ALL
    SELECT
        f.position,
        'false mark',
        NULL
    FROM log.forgotten AS f
    WHERE NOT EXISTS (
        SELECT
        FROM proven AS p
        WHERE p.customer_id = f.customer_id
            AND p.subject_id = f.subject_id
    )
) AS found
ORDER BY 3, 1
LIMIT 1
