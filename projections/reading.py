"""Runs the SELECTs over read models: lists, boards and figures name the tables they read, and see only those."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from psycopg import ClientCursor, ServerCursor, sql
from psycopg.rows import DictRow

from eventstore.database import Connection

Row = dict[str, Any]  # Any: the columns are the SELECT's

LIVE = "public"
"""The schema of the live read models, where an analyst finds them by their plain names."""


def read(
    connection: Connection,
    text: str,
    tables: Sequence[str],
    parameters: Mapping[str, object],
    schema: str = LIVE,
) -> list[Row]:
    """The rows of a SELECT over `tables` as they stand in `schema`: live, or as they were known at a moment.

    The tables are bound by name in front of the unchanged text, and nothing else is on the search path: a SELECT
    cannot fall through to a table that it was not given.
    """
    with connection.transaction():
        connection.execute("SET LOCAL search_path TO pg_catalog")
        return connection.execute(_statement(text, tables, schema), parameters).fetchall()


@contextmanager
def reading(
    connection: Connection,
    text: str,
    tables: Sequence[str],
    parameters: Mapping[str, object],
    schema: str = LIVE,
    *,
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
            yield cursor.execute(_statement(text, tables, schema), parameters)


def as_text(
    connection: Connection, text: str, tables: Sequence[str], parameters: Mapping[str, object], schema: str = LIVE
) -> str:
    """The statement with its parameters in it, for a driver that is not ours."""
    return ClientCursor(connection).mogrify(_statement(text, tables, schema), parameters)


def _statement(text: str, tables: Sequence[str], schema: str) -> sql.Composed:
    return sql.SQL("WITH {} SELECT * FROM ({}) AS answer").format(
        sql.SQL(", ").join(_bound(table, schema) for table in tables),
        sql.SQL(text),  # the text of a file of ours, as trusted as the program
    )


def _bound(table: str, schema: str) -> sql.Composed:
    """What the SELECT sees by that name. Every row may be seen by every reader; who may not see one would be kept from
    it here, by the row as it is live today, also where a past one is read."""
    return sql.SQL("{} AS NOT MATERIALIZED (SELECT * FROM {})").format(
        sql.Identifier(table), sql.Identifier(schema, table)
    )


@contextmanager
def of_one_moment(connection: Connection, schema: str) -> Iterator[None]:
    """All that is read in the block is of the same moment, also live, where read models go on changing."""
    with connection.transaction():
        if schema == LIVE:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        connection.execute("SET LOCAL idle_in_transaction_session_timeout TO 0")
        yield
