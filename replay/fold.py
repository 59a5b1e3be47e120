"""One SELECT, several histories: a fold is the same text live, in a rebuild, and for one lead at any position."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg import sql

from eventstore.database import Connection, query
from projections.read_models import ReadModel
from projections.reading import LIVE as LIVE

Row = dict[str, Any]  # Any: a row of any read model


def create_table(connection: Connection, model: ReadModel, schema: str) -> None:
    """Create the model's empty table and indexes in `schema`. Must run inside a transaction."""
    connection.execute(sql.SQL("SET LOCAL search_path TO {}, pg_catalog").format(sql.Identifier(schema)))
    connection.execute(model.table.encode())
    connection.execute("SET LOCAL search_path TO pg_catalog")


def shape(connection: Connection, model: ReadModel, schema: str = LIVE) -> list[Row]:
    """The columns of the model's table: name, type, is_needed (never null), is_key (of the primary key)."""
    return connection.execute(query("replay", "columns"), {"table": f"{schema}.{model.name}"}).fetchall()


def columns(connection: Connection, model: ReadModel, schema: str = LIVE) -> tuple[list[str], list[str]]:
    """Names of all columns of the model's table, and of those of its primary key."""
    rows = shape(connection, model, schema)
    return [row["name"] for row in rows], [row["name"] for row in rows if row["is_key"]]


def touched(connection: Connection, model: ReadModel, after: int, horizon: int) -> list[UUID]:
    """The refold keys that events in `(after, horizon]` touch."""
    statement = sql.SQL(query("replay", "touched")).format(key=sql.Identifier(model.key_column))
    parameters = {"after": after, "horizon": horizon, "types": list(model.types)}
    return [row["key"] for row in connection.execute(statement, parameters)]


def fill(
    connection: Connection, model: ReadModel, schema: str, horizon: int, keys: Sequence[UUID] | None = None
) -> int:
    """Insert the rows that the fold gives for these keys (None: for all) at `horizon`; returns their number."""
    names, _ = columns(connection, model, schema)
    statement = sql.SQL("INSERT INTO {table} ({columns}) {select}").format(
        table=sql.Identifier(schema, model.name),
        columns=_listed(names),
        select=_select(model, names, "all" if keys is None else "keys"),
    )
    return connection.execute(statement, _parameters(model, horizon, keys)).rowcount


def refold_all(connection: Connection, model: ReadModel, schema: str, horizon: int) -> int:
    """Replace all rows by what the fold says at `horizon`; returns the number of new rows."""
    connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(schema, model.name)))
    return fill(connection, model, schema, horizon)


def refold(connection: Connection, model: ReadModel, schema: str, horizon: int, keys: Sequence[UUID]) -> int:
    """Replace the rows of these refold keys by what the fold says at `horizon`; returns the number of new rows."""
    if not keys:
        return 0
    connection.execute(
        sql.SQL("DELETE FROM {table} WHERE {key} = ANY(%(keys)s)").format(
            table=sql.Identifier(schema, model.name), key=sql.Identifier(model.table_key)
        ),
        {"keys": list(keys)},
    )
    return fill(connection, model, schema, horizon, keys)


def rows_at(connection: Connection, model: ReadModel, key: UUID, horizon: int) -> list[Row]:
    """The rows of one refold key as of a position, folded on the fly."""
    names, _ = columns(connection, model)
    return connection.execute(_select(model, names, "keys"), _parameters(model, horizon, [key])).fetchall()


def _select(model: ReadModel, names: Sequence[str], scope: str) -> sql.Composed:
    scope_of = {"all": sql.SQL("true"), "keys": sql.SQL("{} = ANY(%(keys)s)").format(sql.Identifier(model.key_column))}
    return sql.SQL(query("replay", "history")).format(
        scope=scope_of[scope],
        # of few events each is looked up, of all those that were undone are set apart: left to itself the planner
        # takes the wrong way after a large undo, until the table is analysed
        one_by_one=sql.SQL("OFFSET 0" if scope == "keys" else ""),
        columns=_listed(names),
        fold=sql.SQL(model.fold),  # a fold's file is as trusted as the program
    )


def _listed(names: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))


def _parameters(model: ReadModel, horizon: int, keys: Sequence[UUID] | None) -> dict[str, object]:
    return {"horizon": horizon, "types": list(model.types), "keys": None if keys is None else list(keys)}
