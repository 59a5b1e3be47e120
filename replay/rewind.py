"""A read model's tables as they were at a past position: what no event has touched since is copied from the live rows,
and only the rest is folded.

Live rows are what a replay gives. So those of a key that nothing touched between the position and the live checkpoint
are the same at both.
"""

from collections.abc import Collection
from uuid import UUID

from psycopg import sql

from eventstore import indexes
from eventstore.database import Connection, query
from projections.read_models import Fold, ReadModel
from replay.fold import LIVE, Insert, Row, columns, create_table, fill, touched
from replay.parked import insert_or_park, parked
from replay.scope import these
from replay.verification import snapshot


def make(connection: Connection, model: ReadModel, schema: str, position: int) -> None:
    """Make the model's tables in `schema`, with the rows of a position behind the fence: rewound where that can be
    done, else folded whole. All or nothing; tables of that name in the schema are replaced."""
    is_there = _live(connection, model, position) is not None
    with snapshot(connection, model) if is_there else connection.transaction():
        connection.execute(query("replay", "as_follower"))
        for table in model.tables:
            connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(schema, table)))
        create_table(connection, model, schema)
        with indexes.made_afterwards(connection, schema, *model.tables):
            # of live rows that came as far only meanwhile there is no snapshot
            if not (is_there and rewind(connection, model, schema, position, insert_or_park)):
                fill(connection, model, schema, position, insert_or_park)
        for table in model.tables:
            connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(schema, table)))


def rewind(connection: Connection, model: ReadModel, schema: str, position: int, insert: Insert) -> bool:
    """Fill the model's empty tables in `schema` with the rows that it had at a position, from its live ones.

    False, with nothing filled, where these are of another definition or have not come as far, or where more has
    happened since than before. Rows and checkpoint must be of one state.
    """
    live = _live(connection, model, position)
    if live is None:
        return False
    keys = touched(connection, model, position, live["position"])
    passed = [set[UUID]() for _ in model.folds]
    for each in parked(connection, [model.name]) if live["has_parked"] else ():
        passed[model.tables.index(each.table)].add(each.key)
    for number, fold in enumerate(model.folds):
        changed = {*keys[number], *passed[number]}
        readers = {
            at: after.table_key for at, after in enumerate(model.folds) if at > number and after.reads(fold.table)
        }
        later = {*readers.values()}
        _copy(connection, fold, schema, changed)
        if not changed:
            continue
        rows = insert(connection, model, number, schema, position, these(changed), later).rows
        for row in [*rows, *_live_rows(connection, fold, changed, later)]:
            for at, key in readers.items():
                passed[at].add(row[key])
    return True


def _live(connection: Connection, model: ReadModel, position: int) -> Row | None:
    """How far the live rows are folded, where they can be rewound."""
    asked = {"projection": model.name, "definition": model.definition, "position": position}
    return connection.execute(query("replay", "live_at"), asked).fetchone()


def _copy(connection: Connection, fold: Fold, schema: str, changed: Collection[UUID]) -> None:
    """Copy the live rows of all other keys."""
    names, _ = columns(connection, fold.table)
    statement = sql.SQL("INSERT INTO {} ({names}) SELECT {names} FROM {} WHERE {} <> ALL(%s)").format(
        sql.Identifier(schema, fold.table),
        sql.Identifier(LIVE, fold.table),
        sql.Identifier(fold.table_key),
        names=sql.SQL(", ").join(map(sql.Identifier, names)),
    )
    connection.execute(statement, [[*changed]], prepare=False)


def _live_rows(connection: Connection, fold: Fold, changed: Collection[UUID], names: Collection[str]) -> list[Row]:
    """What the live rows of these keys have in these columns."""
    if not names:
        return []
    statement = sql.SQL("SELECT DISTINCT {} FROM {} WHERE {} = ANY(%s)").format(
        sql.SQL(", ").join(map(sql.Identifier, sorted(names))),
        sql.Identifier(LIVE, fold.table),
        sql.Identifier(fold.table_key),
    )
    return connection.execute(statement, [[*changed]], prepare=False).fetchall()
