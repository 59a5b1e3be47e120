"""Runs the SELECTs over read models: lists, boards and figures name the tables they read, and see only those."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from psycopg import ClientCursor, ServerCursor, sql
from psycopg.rows import DictRow

from eventstore.database import Connection
from projections.showing import show
from projections.sight import PERSONAL, Sight, bound

Row = dict[str, Any]  # Any: the columns are the SELECT's

LIVE = "public"
"""The schema of the live read models, where an analyst finds them by their plain names."""


def read(
    connection: Connection,
    text: str,
    tables: Sequence[str],
    parameters: Mapping[str, object],
    schema: str = LIVE,
    *,
    sight: Sight,
) -> list[Row]:
    """The rows of a SELECT over `tables` as they stand in `schema`: live, or as they were known at a moment; of those
    tables it is given what may be seen.

    The tables are bound by name in front of the unchanged text, and nothing else is on the search path: a SELECT
    cannot fall through to a table that it was not given.
    """
    statement, asked = _statement(text, tables, schema, sight), _asked(parameters, sight)
    rows = _rows(connection, statement, asked)
    if sight.personal and rows and "customer_id" in rows[0] and any(table in PERSONAL for table in tables):
        show(row["customer_id"] for row in rows)
    return rows


def _rows(connection: Connection, statement: bytes, asked: Mapping[str, object]) -> list[Row]:
    # where the server tells of it, as it does since version 18, three round trips are saved
    if connection.info.parameter_status("search_path") == "pg_catalog":
        return connection.execute(statement, asked).fetchall()
    with connection.transaction():
        connection.execute("SET LOCAL search_path TO pg_catalog")
        return connection.execute(statement, asked).fetchall()


@contextmanager
def reading(
    connection: Connection,
    text: str,
    tables: Sequence[str],
    parameters: Mapping[str, object],
    schema: str = LIVE,
    *,
    sight: Sight,
    patient: bool = False,
) -> Iterator[ServerCursor[DictRow]]:
    """The same for more rows than memory should hold: a cursor in the database that gives them out as they are at this
    moment, with times in UTC. Nothing can be written while it is open; when `patient`, it may stay open for long."""
    with connection.transaction():
        if patient:
            connection.execute("SET LOCAL statement_timeout TO 0")
            connection.execute("SET LOCAL idle_in_transaction_session_timeout TO 0")
        connection.execute("SET LOCAL search_path TO pg_catalog")
        connection.execute("SET LOCAL TimeZone TO 'UTC'")
        connection.execute("SET LOCAL transaction_read_only TO on")
        with connection.cursor("reading") as cursor:
            yield cursor.execute(_statement(text, tables, schema, sight), _asked(parameters, sight))


def as_text(
    connection: Connection,
    text: str,
    tables: Sequence[str],
    parameters: Mapping[str, object],
    schema: str = LIVE,
    *,
    sight: Sight,
) -> str:
    """The statement with its parameters in it, for a driver that is not ours."""
    return ClientCursor(connection).mogrify(_statement(text, tables, schema, sight), _asked(parameters, sight))


def _statement(text: str, tables: Sequence[str], schema: str, sight: Sight) -> bytes:
    return _composed(text, tuple(tables), schema, Sight(sight.records, personal=sight.personal))


@lru_cache(maxsize=1024)
def _composed(text: str, tables: tuple[str, ...], schema: str, sight: Sight) -> bytes:
    """The same for all who see as much as each other: who they are is a parameter."""
    statement = sql.SQL("WITH {} SELECT * FROM ({}) AS answer").format(
        sql.SQL(", ").join(_bound(table, schema, sight) for table in tables),
        sql.SQL(text),  # the text of a file of ours, or composed from an allow-list: as trusted as the program
    )
    return statement.as_bytes()


def _bound(table: str, schema: str, sight: Sight) -> sql.Composed:
    """What the SELECT sees by that name."""
    return sql.SQL("{} AS NOT MATERIALIZED ({})").format(sql.Identifier(table), bound(table, schema, sight))


def _asked(parameters: Mapping[str, object], sight: Sight) -> Mapping[str, object]:
    return parameters if sight.records == "all" else {**parameters, **sight.parameters}


@contextmanager
def of_one_moment(connection: Connection, schema: str) -> Iterator[None]:
    """All that is read in the block is of the same moment, also live, where read models go on changing."""
    with connection.transaction():
        if schema == LIVE:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        connection.execute("SET LOCAL idle_in_transaction_session_timeout TO 0")
        yield
