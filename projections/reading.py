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
    """The rows of a SELECT over `tables` as they stand in `schema`.

    The tables are bound by name in front of the unchanged text, and nothing else is on the search path: a SELECT
    cannot fall through to a table that it was not given.
    """
    bound = sql.SQL(", ").join(
        sql.SQL("{} AS NOT MATERIALIZED (SELECT * FROM {})").format(
            sql.Identifier(table), sql.Identifier(schema, table)
        )
        for table in tables
    )
    statement = sql.SQL("WITH {} SELECT * FROM ({}) AS answer").format(
        bound,
        sql.SQL(text),  # the text of a file of ours, as trusted as the program
    )
    with connection.transaction():
        connection.execute("SET LOCAL search_path TO pg_catalog")
        return connection.execute(statement, parameters).fetchall()
