WITH pair AS MATERIALIZED (
    SELECT
        to_jsonb(live) AS live,
        to_jsonb(new) AS new
    FROM {live} AS live
    FULL JOIN {new} AS new
        USING ({key})
), changed AS MATERIALIZED (
    SELECT
        pair.live,
        pair.new,
        ARRAY(
            SELECT name
            FROM unnest(%(columns)s::text[]) AS name
            WHERE pair.live->name IS DISTINCT FROM pair.new->name
        ) AS columns
    FROM pair
    WHERE pair.live IS NOT NULL
        AND pair.new IS NOT NULL
)
SELECT
    (SELECT count(*) FROM pair WHERE new IS NOT NULL) AS rows,
    (SELECT count(*) FROM pair WHERE live IS NULL) AS added,
    (SELECT count(*) FROM pair WHERE new IS NULL) AS removed,
    (SELECT count(*) FROM changed WHERE columns <> '{{}}') AS changed,
    (
        SELECT coalesce(jsonb_object_agg(counted.name, counted.rows), '{{}}')
        FROM (
            SELECT
                name,
                count(*) AS rows
            FROM changed
            CROSS JOIN unnest(changed.columns) AS name
            GROUP BY name
        ) AS counted
    ) AS columns,
    (
        SELECT coalesce(jsonb_agg(jsonb_build_object('live', first.live, 'new', first.new)), '[]')
        FROM (
            SELECT live, new
            FROM pair
            WHERE live IS NULL OR new IS NULL
            UNION ALL
            SELECT live, new
            FROM changed
            WHERE columns <> '{{}}'
            LIMIT %(limit)s
        ) AS first
    ) AS first
