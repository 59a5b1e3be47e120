"""Least privilege: the database roles that the parts of the program act as, and what to do where they cannot be had.

`roles.sql` is the truth about who may do what. docs/roles.md explains it to administrators.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from psycopg import sql
from psycopg.errors import InsufficientPrivilege

from eventstore.database import Connection, query

OWNER = "everfold_owner"
APP = "everfold_app"
FOLLOWER = "everfold_follower"
ANALYST = "everfold_analyst"
AUDITOR = "everfold_auditor"
PRIVACY = "everfold_privacy"
ROLES = (OWNER, APP, FOLLOWER, ANALYST, AUDITOR, PRIVACY)

# not by structlog: that would write to the standard output of a command, where its figures are expected
_log = logging.getLogger("everfold.roles")


@dataclass(frozen=True, slots=True)
class _State:
    applied: str | None
    stand: bool


def enforce(connection: Connection, schema: str) -> None:
    """Make roles, owners and grants what `roles.sql` says, when they may not be; `schema` names the migrations' state.

    Where the login may not, everything goes on with the login's own rights, and a warning says once what is missing.
    Raises InsufficientPrivilege where the roles are used but the login may not bring them up to date. Must run under
    the migrations' lock.
    """
    state = _state(connection)
    if state.stand and state.applied == schema:
        return
    try:
        with connection.transaction():
            connection.execute(query("eventstore", "roles"))
            _record(connection, schema)
            if not _state(connection).stand:
                raise InsufficientPrivilege("the login does not own the database")
    except InsufficientPrivilege as error:
        if state.stand:
            raise
        if state.applied != (refused := f"refused {schema}"):
            _log.warning("%s", _without_roles(connection, error.diag.message_primary or str(error)))
            with suppress(InsufficientPrivilege), connection.transaction():
                _record(connection, refused)


def usable(connection: Connection) -> frozenset[str]:
    """The roles that this login may act as here; none where they could not be set up."""
    rows = connection.execute(query("eventstore", "usable_roles"), {"roles": list(ROLES)})
    return frozenset(row["role"] for row in rows)


@contextmanager
def acting_as(connection: Connection, role: str | None) -> Iterator[None]:
    """What happens inside is done with the rights of `role`; None: with the login's own."""
    if role is None:
        yield
        return
    connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
    try:
        yield
    finally:
        if not connection.broken:
            connection.execute("RESET ROLE")


def advice(connection: Connection, role: str) -> str:
    """Why this login cannot act as `role` here, and what an administrator can do about it."""
    try:
        stand = _state(connection).stand
    except InsufficientPrivilege:  # one of the roles has let this login in
        stand = True
    if stand:
        login, _ = _names(connection)
        return f"This login may not act as {role}. An administrator can allow it: GRANT {role} TO {login};"
    return _without_roles(connection, "they have not been set up in this database")


def _without_roles(connection: Connection, trouble: str) -> str:
    login, database = _names(connection)
    made = " ".join(f"CREATE ROLE {role};" for role in ROLES)
    return (
        "Everfold works in this database with the rights of its login alone, without the roles that may do less: "
        f"{trouble}. An administrator of the server can change that, and the next command sets them up: {made} "
        f"GRANT {', '.join(ROLES)} TO {login}; ALTER DATABASE {database} OWNER TO {login}; "
        "(without those that are there already; docs/roles.md tells more)"
    )


def _names(connection: Connection) -> tuple[str, str]:
    """The login and the database, as a statement names them."""
    row = connection.execute(
        "SELECT quote_ident(session_user) AS login, quote_ident(current_database()) AS database"
    ).fetchone()
    assert row is not None
    return row["login"], row["database"]


def _state(connection: Connection) -> _State:
    row = connection.execute(query("eventstore", "role_state"), {"roles": list(ROLES)}).fetchone()
    assert row is not None
    return _State(**row)


def _record(connection: Connection, applied: str) -> None:
    connection.execute(
        "INSERT INTO public.everfold_migration (name, sha256) VALUES ('roles', %s)"
        " ON CONFLICT (name) DO UPDATE SET sha256 = excluded.sha256, applied_at = clock_timestamp()",
        [applied],
    )
