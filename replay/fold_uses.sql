-- What a view is made of, beyond the relations it may read: other relations, and functions whose answer depends on more
-- than their arguments.
WITH rule AS (
    SELECT
        oid,
        ev_action::text AS tree
    FROM pg_rewrite
    WHERE ev_class = to_regclass(%(view)s)
), called AS (
    SELECT DISTINCT p.oid
    FROM rule
    CROSS JOIN regexp_matches(rule.tree, ':(?:funcid|opfuncid|aggfnoid|winfnoid) ([0-9]+)', 'g') AS found (ids)
    JOIN pg_proc AS p
        ON p.oid = found.ids[1]::oid
)
SELECT
    'relation' AS kind,
    d.refobjid::regclass::text AS name
FROM rule
JOIN pg_depend AS d
    ON d.classid = 'pg_rewrite'::regclass
    AND d.objid = rule.oid
    AND d.refclassid = 'pg_class'::regclass
WHERE d.refobjid <> to_regclass(%(view)s)
    AND d.refobjid <> ALL (%(allowed)s::text[]::regclass[])
UNION
SELECT
    CASE
        WHEN p.provolatile = 'v' THEN 'volatile'
        WHEN p.pronargs = 0 OR p.proname IN ('current_setting', 'age') THEN 'session'
        ELSE 'zone'
    END,
    p.proname
FROM called
JOIN pg_proc AS p
    ON p.oid = called.oid
WHERE p.provolatile = 'v'
    OR p.provolatile = 's'
    AND (
        p.pronargs = 0
        OR p.proname = 'current_setting'
        OR 'timestamptz'::regtype = ANY (p.proargtypes || p.prorettype)
    )
UNION
SELECT
    'session',
    'CURRENT_DATE, CURRENT_TIMESTAMP, CURRENT_USER or another of its kind'
FROM rule
WHERE tree LIKE '%%{SQLVALUEFUNCTION%%'
ORDER BY kind, name
