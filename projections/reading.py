"""Runs the SELECTs over read models: lists, boards and figures name the tables they read, and see only those."""

from collections.abc import Mapping, Sequence
from typing import Any

from psycopg import sql

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
    statement = sql.SQL("WITH {} SELECT * FROM ({}) AS answer").format(
        sql.SQL(", ").join(_bound(table, schema) for table in tables),
        sql.SQL(text),  # the text of a file of ours, as trusted as the program
    )
    with connection.transaction():
        connection.execute("SET LOCAL search_path TO pg_catalog")
        return connection.execute(statement, parameters).fetchall()


def _bound(table: str, schema: str) -> sql.Composed:
    """What the SELECT sees by that name. Every row may be seen by every reader; who may not see one would be kept from
    it here, by the row as it is live today, also where a past one is read."""
    return sql.SQL("{} AS NOT MATERIALIZED (SELECT * FROM {})").format(
        sql.Identifier(table), sql.Identifier(schema, table)
    )
