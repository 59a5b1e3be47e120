"""Connections to Postgres, the SQL kept in files beside the code, and the migrations that make the log's schema."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from typing import Any, TypeAlias

from psycopg import Connection as PsycopgConnection
from psycopg import OperationalError, ProgrammingError
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.errors import InsufficientPrivilege
from psycopg.rows import DictRow, dict_row
from psycopg.types.json import set_json_loads
from psycopg_pool import ConnectionPool, PoolTimeout
from pydantic_core import from_json

from eventstore.trouble import Trouble

Connection: TypeAlias = PsycopgConnection[DictRow]
Pool: TypeAlias = ConnectionPool[Connection]

_OPTIONS: dict[str, Any] = {"autocommit": True, "row_factory": dict_row, "application_name": "everfold"}
_FIXED = "-c search_path=pg_catalog -c default_transaction_isolation=read\\ committed"
"""Whatever the server's defaults are: nobody's function or table stands in for ours, and a statement sees what was
committed before it, as the locks of the log need."""
_MIGRATION_LOCK = 1163281491

set_json_loads(from_json)  # the standard library's takes a third of the time that loading a stream takes


class DatabaseUnavailable(Trouble):
    """The database does not answer."""


UNAVAILABLE: tuple[type[Exception], ...] = (OperationalError, PoolTimeout)
"""What the driver raises when the server is gone, overloaded, or a time limit was reached."""


class MigrationMismatch(Trouble):
    """The database was made by another version of Everfold than the one that wants to use it."""


def as_role(conninfo: str, role: str | None, limits: str = "") -> str:
    """The same database, entered as `role` (None: as the login) and with `limits` where `conninfo` sets no others."""
    if not role and not limits:
        return conninfo
    given = conninfo_to_dict(conninfo).get("options")
    options = [limits, str(given or ""), f"-c role={role}" if role else ""]  # of two that differ the later one counts
    return make_conninfo(conninfo, options=" ".join(filter(None, options)))


def _fixed(conninfo: str) -> str:
    given = conninfo_to_dict(conninfo).get("options") or ""
    return make_conninfo(conninfo, options=f"{given} {_FIXED}".strip())


@contextmanager
def connect(conninfo: str, role: str | None = None) -> Iterator[Connection]:
    """One connection in autocommit mode, rows as dictionaries; with the rights of `role`, else of the login."""
    try:
        connection: Connection = PsycopgConnection.connect(_fixed(as_role(conninfo, role)), **_OPTIONS)
    except OperationalError as error:
        raise DatabaseUnavailable(f"Postgres does not answer: {error}. Check DATABASE_URL.") from error
    except ProgrammingError:  # its text would quote the password
        raise DatabaseUnavailable(
            "DATABASE_URL is not a connection string. Write postgresql://USER:PASSWORD@HOST:5432/NAME."
        ) from None
    with connection:
        yield connection


def new_pool(conninfo: str, role: str | None = None, *, size: int = 16) -> Pool:
    """A pool of such connections, with the time limits that keep one slow request from holding up the others."""
    limits = "-c lock_timeout=5s -c statement_timeout=30s -c idle_in_transaction_session_timeout=30s"
    return ConnectionPool[Connection](
        _fixed(as_role(conninfo, role, limits)),
        connection_class=PsycopgConnection[DictRow],
        kwargs=_OPTIONS,
        min_size=1,
        max_size=size,
        timeout=5,
        open=True,
    )


@cache
def query(package: str, name: str) -> str:
    """The text of `name`.sql in `package`. The files are part of the program, as trusted as its source."""
    return files(package).joinpath(f"{name}.sql").read_text(encoding="utf-8")


def migrate(connection: Connection) -> list[str]:
    """Bring the schema and the roles up to date, one transaction a file; processes that start at once take turns.

    Returns the names applied. Raises MigrationMismatch when an applied file has changed since or is unknown here, and
    DatabaseUnavailable when the login may not do what is to be done.
    """
    from eventstore import roles  # here: it works on this module's connections

    connection.execute("SELECT pg_advisory_lock(%s)", [_MIGRATION_LOCK])
    try:
        applied, texts = _apply(connection)
        schema = [query("eventstore", "roles").encode(), *(text for _, text in sorted(texts.items()))]
        roles.enforce(connection, hashlib.sha256(b"".join(schema)).hexdigest())
    except InsufficientPrivilege as error:
        raise DatabaseUnavailable(
            f"The login of this database may not use it or bring it up to date ({error.diag.message_primary}). Run the "
            "command once with the login that owns the database, and grant the other one the roles that its work needs "
            "(docs/roles.md)."
        ) from None
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", [_MIGRATION_LOCK])
    return applied


def migrate_if_allowed(connection: Connection) -> None:
    """The same, but a login that may not bring the database up to date goes on where no migration is lacking."""
    try:
        migrate(connection)
    except DatabaseUnavailable:
        try:
            is_current = _known(connection).keys() >= _texts().keys()
        except InsufficientPrivilege:
            is_current = False
        if not is_current:
            raise


def _apply(connection: Connection) -> tuple[list[str], dict[str, bytes]]:
    """Apply the migrations that the database lacks; returns their names, and the texts of all."""
    applied: list[str] = []
    row = connection.execute("SELECT to_regclass('public.everfold_migration') IS NOT NULL AS is_there").fetchone()
    if not (row and row["is_there"]):
        connection.execute(query("eventstore", "migration_table"))
    known, texts = _known(connection), _texts()
    if unknown := known.keys() - texts.keys():
        raise MigrationMismatch(
            f"The database has migrations that this version does not know ({', '.join(sorted(unknown))}): "
            "it was used by a newer Everfold. Run that version, or restore a backup made before."
        )
    for name, text in sorted(texts.items()):
        digest = hashlib.sha256(text).hexdigest()
        if name not in known:
            with connection.transaction():
                connection.execute(text)
                connection.execute(
                    "INSERT INTO public.everfold_migration (name, sha256) VALUES (%s, %s)", [name, digest]
                )
            applied.append(name)
        elif known[name] != digest:
            raise MigrationMismatch(
                f"Migration {name} was changed after it had been applied to this database. "
                "Restore the file; a change of schema needs a new migration."
            )
    return applied, texts


def _known(connection: Connection) -> dict[str, str]:
    """The migrations that the database has, by name, with their digests."""
    rows = connection.execute("SELECT name, sha256 FROM public.everfold_migration WHERE name <> 'roles'")
    return {row["name"]: row["sha256"] for row in rows}


def _texts() -> dict[str, bytes]:
    """Those that this version has."""
    return {
        file.name.removesuffix(".sql"): file.read_bytes()
        for file in files("eventstore").joinpath("migrations").iterdir()
        if file.name.endswith(".sql")
    }
