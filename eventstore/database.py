"""Connections to Postgres, the SQL kept in files beside the code, and the migrations that make the log's schema."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from typing import Any, TypeAlias

from psycopg import Connection as PsycopgConnection
from psycopg import OperationalError
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

Connection: TypeAlias = PsycopgConnection[DictRow]
Pool: TypeAlias = ConnectionPool[Connection]

_OPTIONS: dict[str, Any] = {"autocommit": True, "row_factory": dict_row, "application_name": "everfold"}
_MIGRATION_LOCK = 1163281491


class DatabaseUnavailable(Exception):
    """The database does not answer."""


UNAVAILABLE: tuple[type[Exception], ...] = (OperationalError, PoolTimeout)
"""What the driver raises when the server is gone, overloaded, or a time limit was reached."""


class MigrationMismatch(Exception):
    """The database was made by another version of Everfold than the one that wants to use it."""


@contextmanager
def connect(conninfo: str) -> Iterator[Connection]:
    """One connection in autocommit mode, rows as dictionaries."""
    try:
        connection: Connection = PsycopgConnection.connect(conninfo, **_OPTIONS)
    except OperationalError as error:
        raise DatabaseUnavailable(f"Postgres does not answer: {error}. Check DATABASE_URL.") from error
    with connection:
        yield connection


def new_pool(conninfo: str, *, size: int = 16) -> Pool:
    """A pool of such connections, with the time limits that keep one slow request from holding up the others."""
    limits = "-c lock_timeout=5s -c statement_timeout=30s -c idle_in_transaction_session_timeout=30s"
    return ConnectionPool[Connection](
        conninfo,
        connection_class=PsycopgConnection[DictRow],
        kwargs=_OPTIONS | {"options": limits},
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
    """Bring the schema up to date, one transaction a file; processes that start at once take turns.

    Returns the names applied. Raises MigrationMismatch when an applied file has changed since or is unknown here.
    """
    applied: list[str] = []
    connection.execute("SELECT pg_advisory_lock(%s)", [_MIGRATION_LOCK])
    try:
        connection.execute(query("eventstore", "migration_table"))
        known = {
            row["name"]: row["sha256"]
            for row in connection.execute("SELECT name, sha256 FROM public.everfold_migration")
        }
        texts = {
            file.name.removesuffix(".sql"): file.read_bytes()
            for file in files("eventstore").joinpath("migrations").iterdir()
            if file.name.endswith(".sql")
        }
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
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", [_MIGRATION_LOCK])
    return applied
