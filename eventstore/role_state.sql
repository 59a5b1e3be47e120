-- Asked at every start, so it must be quick: pg_depend leads from a schema to what it holds by an index.
WITH owner AS MATERIALIZED (
    SELECT
        max(oid::bigint) FILTER (WHERE rolname = 'everfold_owner')::oid AS of_log,
        max(oid::bigint) FILTER (WHERE rolname = 'everfold_follower')::oid AS of_models,
        count(*) = 6 AS are_all
    FROM pg_roles
    WHERE rolname = ANY (%(roles)s)
)
SELECT
    (SELECT sha256 FROM public.everfold_migration WHERE name = 'roles') AS applied,
    owner.are_all
    AND has_database_privilege(owner.of_models, current_database(), 'CREATE')
    AND has_schema_privilege(owner.of_models, 'public', 'CREATE')
    AND NOT EXISTS (
        SELECT
        FROM pg_namespace AS n
        LEFT JOIN pg_depend AS d
            ON d.refclassid = 'pg_namespace'::regclass
            AND d.refobjid = n.oid
        LEFT JOIN pg_class AS c
            ON d.classid = 'pg_class'::regclass
            AND c.oid = d.objid
            AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
        LEFT JOIN pg_proc AS p
            ON d.classid = 'pg_proc'::regclass
            AND p.oid = d.objid
        WHERE n.nspname IN ('log', 'access', 'replay')
            AND owner.of_log <> ANY (ARRAY[n.nspowner, c.relowner, p.proowner])
    )
    AND NOT EXISTS (
        SELECT
        FROM replay.checkpoint AS model
        JOIN pg_class AS c
            ON c.relname = model.projection
        JOIN pg_namespace AS n
            ON n.oid = c.relnamespace
        WHERE n.nspname IN ('public', 'rebuild_' || model.projection)
            AND c.relowner <> owner.of_models
    ) AS stand
FROM owner
