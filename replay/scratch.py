"""Where else in the database a person's data lies: read models about her, and tables that killed work left behind."""

from collections.abc import Sequence
from uuid import UUID

from psycopg import sql

from eventstore.database import Connection, query
from projections.read_models import read_models
from replay.fold import LIVE
from replay.rebuild import turn


def tables_about(connection: Connection, customer_ids: Sequence[UUID]) -> list[tuple[str, str]]:
    """Schema and name of the tables that have, or have had, rows of any of these customers.

    By what is in their histories, and not by the rows: where all of hers are gone, the file still holds them.
    """
    rows = connection.execute(query("replay", "types_about"), {"customer_ids": list(customer_ids)})
    types = {row["type"] for row in rows}
    return [(LIVE, table) for model in read_models().values() if types & {*model.types} for table in model.tables]


def drop_leftovers(connection: Connection) -> list[str]:
    """Drop the schemas that killed rebuilds left; returns their names. Other replays commit none that could be left.

    Rebuilds under way are waited for: a table that one of them began to fill earlier goes live before this returns.
    Read models that this process does not know, from a folder that is not named any more, go as well: nobody would fold
    them anew.
    """
    dropped: list[str] = []
    for row in connection.execute(query("replay", "checkpoints")).fetchall():
        if row["projection"] not in read_models():
            with turn(connection, f"rebuild {row['projection']}"), connection.transaction():
                for table in row["tables"]:
                    connection.execute(sql.SQL("DROP TABLE IF EXISTS {} CASCADE").format(sql.Identifier(LIVE, table)))
                connection.execute("DELETE FROM replay.checkpoint WHERE projection = %s", [row["projection"]])
    for model in read_models().values():
        with turn(connection, f"rebuild {model.name}"):
            dropped += _drop(connection, f"rebuild_{model.name}")
    return dropped


def _drop(connection: Connection, schema: str) -> list[str]:
    row = connection.execute("SELECT to_regnamespace(quote_ident(%s)) IS NOT NULL AS is_there", [schema]).fetchone()
    if not (row and row["is_there"]):
        return []
    connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))
    return [schema]
