"""What docs/roles.md says about rights, what the catalogue says, and logins to try them as."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from eventstore.database import Connection, connect
from projections.read_models import read_models

ROLES = ("owner", "app", "follower", "analyst", "auditor", "privacy")
Rights = dict[tuple[str, str], set[str]]
"""By object and role; whoever owns it has "owns"."""

_MADE_BEFORE = ("the database", "schema public")
_PAGE = Path(__file__).resolve().parents[2] / "docs" / "roles.md"

_CATALOGUE = """
WITH object AS (
    SELECT
        CASE WHEN n.nspname = 'public' AND c.relname = ANY (%(models)s) THEN c.relname
            ELSE n.nspname || '.' || c.relname END AS name,
        c.relowner AS owner,
        coalesce(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's'::"char" ELSE 'r' END, c.relowner)) AS acl
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('log', 'access', 'replay', 'public') AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    UNION ALL
    SELECT
        n.nspname || '.' || c.relname || '.' || a.attname, c.relowner, a.attacl
    FROM pg_attribute AS a
    JOIN pg_class AS c ON c.oid = a.attrelid
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('log', 'access', 'replay', 'public') AND a.attacl IS NOT NULL
    UNION ALL
    SELECT n.nspname || '.' || p.proname || '()', p.proowner, coalesce(p.proacl, acldefault('f', p.proowner))
    FROM pg_proc AS p
    JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname IN ('log', 'access', 'replay', 'public')
    UNION ALL
    SELECT 'schema ' || n.nspname, n.nspowner, coalesce(n.nspacl, acldefault('n', n.nspowner))
    FROM pg_namespace AS n
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    UNION ALL
    SELECT 'the database', d.datdba, coalesce(d.datacl, acldefault('d', d.datdba))
    FROM pg_database AS d
    WHERE d.datname = current_database()
    UNION ALL
    SELECT
        CASE WHEN d.defaclobjtype = 'r' AND d.defaclnamespace = 0 AND d.defaclrole = 'everfold_follower'::regrole
            THEN 'what the follower makes' ELSE 'what is made by ' || d.defaclrole::regrole END,
        d.defaclrole,
        d.defaclacl
    FROM pg_default_acl AS d
)
SELECT name, pg_get_userbyid(owner) AS role, 'owns' AS privilege
FROM object
WHERE name NOT LIKE 'what is made by %%'
UNION
SELECT object.name, CASE acl.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(acl.grantee) END, acl.privilege_type
FROM object
CROSS JOIN aclexplode(object.acl) AS acl
WHERE acl.grantee <> object.owner
"""

TABLES = sorted(table for model in read_models().values() for table in model.tables)
"""Of the read models."""


def documented() -> Rights:
    """The table of the page; each read model has a line of its own."""
    found: Rights = {}
    (table,) = re.findall(r"^\| object \|.*?\n\|[- |]+\n(.*?)(?:\n\n|\Z)", _PAGE.read_text(), re.MULTILINE | re.DOTALL)
    for line in table.strip().splitlines():
        object_, *cells = (cell.strip().replace("`", "") for cell in line.strip("|").split("|"))
        assert len(cells) == len(ROLES), line
        for name in TABLES if object_ == "each read model" else [object_]:
            for role, cell in zip(ROLES, cells, strict=True):
                if cell:
                    found[name, f"everfold_{role}"] = set(cell.split(", "))
    return found


def in_force(connection: Connection) -> Rights:
    """The same of the database, for everybody who has a right in it."""
    found: Rights = {}
    for row in connection.execute(_CATALOGUE, {"models": TABLES}):
        found.setdefault((row["name"], row["role"]), set()).add(row["privilege"])
    # these belong to whoever made the database
    return {key: rights for key, rights in found.items() if key[0] not in _MADE_BEFORE or "owns" not in rights}


@contextmanager
def login(conninfo: str, *granted: str, attributes: str = "") -> Iterator[str]:
    """The conninfo of a login made for a while, which is a member of these roles."""
    name, password = f"tester_{uuid.uuid4().hex[:12]}", uuid.uuid4().hex
    with psycopg.connect(conninfo, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {name} LOGIN {attributes} PASSWORD '{password}'".encode())
        for role in granted:
            admin.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(role), sql.Identifier(name)))
    try:
        yield make_conninfo(conninfo, user=name, password=password)
    finally:
        with psycopg.connect(conninfo, autocommit=True) as admin:
            admin.execute(f"DROP OWNED BY {name}".encode())
            admin.execute(f"DROP ROLE {name}".encode())


@contextmanager
def logged_in(conninfo: str, *granted: str) -> Iterator[Connection]:
    """A connection of such a login."""
    with login(conninfo, *granted) as own, connect(own) as connection:
        yield connection


def refused(connection: Connection, statement: str) -> bool:
    """Whether a statement fails for want of a right; nothing of it stays."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement.encode())
    except psycopg.errors.InsufficientPrivilege:
        return True
    except psycopg.errors.Error:
        return False
    return False
