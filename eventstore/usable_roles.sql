SELECT rolname::text AS role
FROM pg_roles
WHERE rolname = ANY (%(roles)s)
    AND (SELECT sha256 NOT LIKE 'refused %%' FROM public.everfold_migration WHERE name = 'roles')
    AND pg_has_role(
        session_user,
        oid,
        CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN 'SET' ELSE 'MEMBER' END
    )
