-- Who may do what in this database. Run in one transaction after the migrations; it may be run again at any time.
-- docs/roles.md explains the roles and shows the same table.

SET LOCAL search_path TO pg_catalog;

-- Roles belong to the whole cluster: another database may be making the same ones at this moment.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY[
        'everfold_owner',
        'everfold_app',
        'everfold_follower',
        'everfold_analyst',
        'everfold_auditor',
        'everfold_privacy'
    ] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
            EXCEPTION
                WHEN duplicate_object OR unique_violation THEN
                    NULL;
            END;
        END IF;
    END LOOP;
END
$$;

-- Whoever owned the log so far, and whoever runs this, loses nothing: both become members of the roles that take over.
-- Since PostgreSQL 16 being allowed to grant a role does not include being allowed to use it.
DO $$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN
        SELECT role.rolname AS role, login.rolname AS login
        FROM pg_roles AS role
        CROSS JOIN pg_roles AS login
        WHERE role.rolname = ANY (ARRAY[
                'everfold_owner',
                'everfold_app',
                'everfold_follower',
                'everfold_analyst',
                'everfold_auditor',
                'everfold_privacy'
            ])
            AND (login.rolname = current_user OR login.oid = (SELECT nspowner FROM pg_namespace WHERE nspname = 'log'))
            AND login.rolname <> 'everfold_owner'
            AND NOT login.rolsuper
            AND NOT (
                pg_has_role(login.oid, role.oid, 'USAGE')
                AND pg_has_role(
                    login.oid,
                    role.oid,
                    CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN 'SET' ELSE 'MEMBER' END
                )
            )
    LOOP
        BEGIN
            EXECUTE format('GRANT %I TO %I', wanted.role, wanted.login);
        EXCEPTION
            WHEN unique_violation THEN
                NULL;
        END;
    END LOOP;
END
$$;

-- A stuck writer is named with its age, which only this predefined role may see of other people's sessions. Without
-- the right to grant it everything works, and the age reads 0.
DO $$
BEGIN
    IF NOT pg_has_role('everfold_app', 'pg_read_all_stats', 'USAGE')
        OR NOT pg_has_role('everfold_follower', 'pg_read_all_stats', 'USAGE')
    THEN
        GRANT pg_read_all_stats TO everfold_app, everfold_follower;
    END IF;
EXCEPTION
    WHEN insufficient_privilege OR unique_violation THEN
        NULL;
END
$$;

DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format(
        'GRANT CONNECT ON DATABASE %I TO everfold_owner, everfold_app, everfold_follower, everfold_analyst, '
        'everfold_auditor, everfold_privacy',
        current_database()
    );
    -- an append of many events copies them into a temporary table first
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO everfold_app', current_database());
    -- a rebuild has a schema of its own
    EXECUTE format('GRANT CREATE ON DATABASE %I TO everfold_follower', current_database());
END
$$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO everfold_app, everfold_analyst, everfold_auditor, everfold_privacy;
GRANT USAGE, CREATE ON SCHEMA public TO everfold_owner, everfold_follower;

-- Owners. What a sequence or type belongs to takes it along.
DO $$
DECLARE
    -- listed first: a table that is being read cannot change hands
    statements text[] := ARRAY(
        SELECT format('ALTER SCHEMA %I OWNER TO everfold_owner', n.nspname)
        FROM pg_namespace AS n
        WHERE n.nspname IN ('log', 'access', 'replay', 'trigram')
            AND n.nspowner <> 'everfold_owner'::regrole
        UNION ALL
        SELECT format('ALTER %s %s OWNER TO everfold_owner', k.kind, c.oid::regclass)
        FROM pg_class AS c
        JOIN (VALUES ('r', 'TABLE'), ('p', 'TABLE'), ('v', 'VIEW'), ('m', 'MATERIALIZED VIEW'), ('S', 'SEQUENCE'))
            AS k (relkind, kind)
            ON k.relkind = c.relkind::text
        WHERE (
                c.relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('log', 'access', 'replay'))
                OR c.oid = 'public.everfold_migration'::regclass
            )
            AND c.relowner <> 'everfold_owner'::regrole
            AND NOT EXISTS (
                SELECT
                FROM pg_depend AS d
                WHERE d.classid = 'pg_class'::regclass
                    AND d.objid = c.oid
                    AND d.deptype IN ('a', 'i')
                    AND c.relkind = 'S'
            )
        UNION ALL
        SELECT format('ALTER ROUTINE %s OWNER TO everfold_owner', p.oid::regprocedure)
        FROM pg_proc AS p
        WHERE p.pronamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('log', 'access', 'replay'))
            AND p.proowner <> 'everfold_owner'::regrole
        UNION ALL
        SELECT format('ALTER TYPE %s OWNER TO everfold_owner', t.oid::regtype)
        FROM pg_type AS t
        LEFT JOIN pg_class AS c
            ON c.oid = t.typrelid
        WHERE t.typnamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('log', 'access', 'replay'))
            AND (t.typtype IN ('e', 'd') OR c.relkind = 'c')
            AND t.typowner <> 'everfold_owner'::regrole
        UNION ALL
        SELECT format('ALTER TABLE %s OWNER TO everfold_follower', c.oid::regclass)
        FROM pg_class AS c
        JOIN replay.checkpoint AS model
            ON c.relname = ANY (model.tables)
        JOIN pg_namespace AS n
            ON n.oid = c.relnamespace
        WHERE c.relkind = 'r'
            AND n.nspname IN ('public', 'rebuild_' || model.projection, 'previous_' || model.projection)
            AND c.relowner <> 'everfold_follower'::regrole
        UNION ALL
        -- what a rebuild left that was killed, and what is kept to go back to
        SELECT format('ALTER SCHEMA %I OWNER TO everfold_follower', n.nspname)
        FROM pg_namespace AS n
        JOIN replay.checkpoint AS model
            ON n.nspname IN ('rebuild_' || model.projection, 'previous_' || model.projection)
        WHERE n.nspowner <> 'everfold_follower'::regrole
        UNION ALL
        -- what was known at a moment, folded before there were roles
        SELECT format('ALTER TABLE %s OWNER TO everfold_follower', c.oid::regclass)
        FROM pg_class AS c
        JOIN pg_namespace AS n
            ON n.oid = c.relnamespace
        JOIN replay.asof AS past
            ON n.nspname = 'asof_' || past.position
        WHERE c.relkind = 'r'
            AND c.relowner <> 'everfold_follower'::regrole
        UNION ALL
        SELECT format('ALTER SCHEMA %I OWNER TO everfold_follower', n.nspname)
        FROM pg_namespace AS n
        JOIN replay.asof AS past
            ON n.nspname = 'asof_' || past.position
        WHERE n.nspowner <> 'everfold_follower'::regrole
    );
    statement  text;
BEGIN
    FOREACH statement IN ARRAY statements LOOP
        EXECUTE statement;
    END LOOP;
END
$$;

-- Views over personal data ask for the reader's own rights: who may not read the table reads nothing through them.
DO $$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN
        SELECT c.oid::regclass AS name
        FROM pg_class AS c
        WHERE c.relkind = 'v'
            AND c.relnamespace = 'log'::regnamespace
            AND NOT coalesce(c.reloptions, '{}') @> ARRAY['security_invoker=true']
    LOOP
        EXECUTE format('ALTER VIEW %s SET (security_invoker = true)', wanted.name);
    END LOOP;
END
$$;

REVOKE ALL ON SCHEMA log, access, replay FROM
    PUBLIC, everfold_app, everfold_follower, everfold_analyst, everfold_auditor, everfold_privacy;
REVOKE ALL ON ALL TABLES IN SCHEMA log, access, replay FROM
    PUBLIC, everfold_app, everfold_follower, everfold_analyst, everfold_auditor, everfold_privacy;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA log, access, replay FROM
    PUBLIC, everfold_app, everfold_follower, everfold_analyst, everfold_auditor, everfold_privacy;
REVOKE ALL ON ALL ROUTINES IN SCHEMA log, access, replay FROM
    PUBLIC, everfold_app, everfold_follower, everfold_analyst, everfold_auditor, everfold_privacy;
REVOKE ALL ON public.everfold_migration FROM
    PUBLIC, everfold_app, everfold_follower, everfold_analyst, everfold_auditor, everfold_privacy;

GRANT USAGE ON SCHEMA log TO everfold_app, everfold_follower, everfold_analyst, everfold_auditor, everfold_privacy;
GRANT USAGE ON SCHEMA replay TO everfold_app, everfold_follower, everfold_auditor;
GRANT USAGE ON SCHEMA access TO everfold_app, everfold_auditor;

-- Only there where pg_trgm could be added.
DO $$
BEGIN
    IF to_regnamespace('trigram') IS NOT NULL THEN
        GRANT USAGE ON SCHEMA trigram TO everfold_app, everfold_follower, everfold_analyst;
    END IF;
END
$$;

-- An object without a line here is its owner's alone.
DO $$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN
        SELECT format('GRANT %s ON %s %s TO %I', granted.privileges, object.kind, object.name, granted.role) AS statement
        FROM (VALUES
            --  object                        app                      follower          analyst   auditor    privacy
            ('log.event',                    'SELECT, INSERT',         'SELECT',         'SELECT', 'SELECT',  NULL),
            ('log.personal_data',            'SELECT, INSERT',         'SELECT',         NULL,     NULL,      NULL),
            ('log.command',                  'SELECT, INSERT',         'SELECT',         NULL,     'SELECT',  NULL),
            ('log.external_id',              'SELECT, INSERT',         NULL,             NULL,     NULL,      NULL),
            ('log.epoch',                    'SELECT',                 'SELECT',         NULL,     'SELECT',  NULL),
            ('log.forgotten',                'SELECT',                 'SELECT',         NULL,     'SELECT',  'SELECT'),
            ('log.seal',                     'SELECT',                 'SELECT, INSERT', NULL,     'SELECT',  NULL),
            ('log.snapshot',                 'SELECT, INSERT, DELETE', NULL,             NULL,     NULL,      NULL),
            ('log.event_position',           'SELECT, USAGE',          'SELECT',         NULL,     NULL,      NULL),
            ('log.history',                  'SELECT',                 'SELECT',         NULL,     NULL,      NULL),
            ('log.recorded',                 'SELECT',                 'SELECT',         NULL,     NULL,      NULL),
            ('log.fence_holder',             'SELECT',                 'SELECT',         NULL,     NULL,      NULL),
            ('log.customer_alias',           'SELECT',                 'SELECT',         NULL,     'SELECT',  NULL),
            ('log.undone',                   'SELECT',                 'SELECT',         'SELECT', 'SELECT',  NULL),
            ('log.recorded_until',           'SELECT',                 'SELECT',         NULL,     'SELECT',  NULL),
            ('log.position_at()',            'EXECUTE',                'EXECUTE',        NULL,     'EXECUTE', NULL),
            ('log.append()',                 'EXECUTE',                NULL,             NULL,     NULL,      NULL),
            ('log.append_copied()',          'EXECUTE',                NULL,             NULL,     NULL,      NULL),
            ('log.release_external_id()',    'EXECUTE',                NULL,             NULL,     NULL,      NULL),
            ('log.add_snapshot()',           'EXECUTE',                NULL,             NULL,     NULL,      NULL),
            ('log.enter_fence()',            'EXECUTE',                NULL,             NULL,     NULL,      NULL),
            ('log.enter_bulk()',             'EXECUTE',                NULL,             NULL,     NULL,      NULL),
            ('log.digest()',                 'EXECUTE',                'EXECUTE',        NULL,     'EXECUTE', NULL),
            ('log.personal_digest()',        'EXECUTE',                'EXECUTE',        NULL,     NULL,      NULL),
            ('log.personal_digests()',       NULL,                     NULL,             NULL,     'EXECUTE', NULL),
            ('log.upcast_data()',            'EXECUTE',                'EXECUTE',        NULL,     NULL,      NULL),
            ('log.upcast_personal()',        'EXECUTE',                'EXECUTE',        NULL,     NULL,      NULL),
            ('log.merge_at()',               'EXECUTE',                'EXECUTE',        NULL,     'EXECUTE', NULL),
            ('log.roots()',                  'EXECUTE',                'EXECUTE',        NULL,     'EXECUTE', NULL),
            ('log.members()',                'EXECUTE',                'EXECUTE',        NULL,     'EXECUTE', NULL),
            ('log.misfiled_at()',            'EXECUTE',                'EXECUTE',        NULL,     'EXECUTE', NULL),
            ('log.holder()',                 'EXECUTE',                NULL,             NULL,     'EXECUTE', NULL),
            ('log.filed_elsewhere()',        NULL,                     NULL,             NULL,     'EXECUTE', NULL),
            ('log.concerns()',               'EXECUTE',                NULL,             NULL,     NULL,      NULL),
            ('log.forget()',                 NULL,                     NULL,             NULL,     NULL,      'EXECUTE'),
            ('access.installation',          'SELECT, INSERT',         NULL,             NULL,     NULL,      NULL),
            ('access.sign_in_link',          'SELECT, INSERT, DELETE', NULL,             NULL,     NULL,      NULL),
            ('access.session',               'SELECT, INSERT, UPDATE, DELETE',
                                                                       NULL,             NULL,     NULL,      NULL),
            ('access.key_use',               'SELECT, INSERT, UPDATE', NULL,             NULL,     'SELECT',  NULL),
            ('access.sign_in',               'SELECT, INSERT',         NULL,             NULL,     'SELECT',  NULL),
            ('access.personal_access',       'SELECT, INSERT',         NULL,             NULL,     'SELECT',  NULL),
            ('replay.checkpoint',            'SELECT',
                                             'SELECT, INSERT, UPDATE, DELETE',           NULL,     'SELECT',  NULL),
            ('replay.asof',                  'SELECT, UPDATE',
                                             'SELECT, INSERT, UPDATE, DELETE',           NULL,     'SELECT',  NULL),
            ('replay.rebuild',               'SELECT',
                                             'SELECT, INSERT, UPDATE, DELETE',           NULL,     NULL,      NULL),
            ('replay.parked',                'SELECT',
                                             'SELECT, INSERT, UPDATE, DELETE',           NULL,     'SELECT',  NULL),
            ('public.everfold_migration',    'SELECT',                 'SELECT',         'SELECT', 'SELECT',  'SELECT')
        ) AS line (object, app, follower, analyst, auditor, privacy)
        CROSS JOIN LATERAL (VALUES
            ('everfold_app', app),
            ('everfold_follower', follower),
            ('everfold_analyst', analyst),
            ('everfold_auditor', auditor),
            ('everfold_privacy', privacy)
        ) AS granted (role, privileges)
        JOIN (
            SELECT
                c.relnamespace::regnamespace || '.' || c.relname,
                CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
                c.oid::regclass::text
            FROM pg_class AS c
            WHERE c.relnamespace::regnamespace::text IN ('log', 'access', 'replay', 'public')
                AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
            UNION ALL
            SELECT
                p.pronamespace::regnamespace || '.' || p.proname || '()',
                'ROUTINE',
                p.oid::regprocedure::text
            FROM pg_proc AS p
            WHERE p.pronamespace::regnamespace::text IN ('log', 'access', 'replay')
        ) AS object (line, kind, name)
            ON object.line = line.object
        WHERE granted.privileges IS NOT NULL
        UNION ALL
        SELECT format('GRANT SELECT ON TABLE %s TO everfold_app, everfold_analyst', to_regclass('public.' || quote_ident(name)))
        FROM replay.checkpoint
        CROSS JOIN unnest(tables) AS name
        WHERE to_regclass('public.' || quote_ident(name)) IS NOT NULL
        UNION ALL
        SELECT format(granted.statement, n.nspname)
        FROM pg_namespace AS n
        JOIN replay.asof AS past
            ON n.nspname = 'asof_' || past.position
        CROSS JOIN (VALUES
            ('GRANT USAGE ON SCHEMA %I TO everfold_app, everfold_analyst'),
            ('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO everfold_app, everfold_analyst')
        ) AS granted (statement)
    LOOP
        EXECUTE wanted.statement;
    END LOOP;
END
$$;

-- A rebuild puts a new table in the old one's place: what the follower makes is readable from the start.
ALTER DEFAULT PRIVILEGES FOR ROLE everfold_follower GRANT SELECT ON TABLES TO everfold_app, everfold_analyst;
ALTER DEFAULT PRIVILEGES FOR ROLE everfold_owner, everfold_follower REVOKE EXECUTE ON ROUTINES FROM PUBLIC;
