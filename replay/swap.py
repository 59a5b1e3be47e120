"""Puts a new version of a read model in the live one's place, and the earlier one back, in short transactions."""

import time
from collections.abc import Callable, Sequence

from psycopg import errors, sql

from eventstore.database import Connection, query
from eventstore.roles import ANALYST
from eventstore.trouble import Trouble
from projections.read_models import ReadModel, read_models
from replay.fold import refold, touched
from replay.parked import insert_or_park
from replay.versions import (
    LIVE,
    LOCK_TIMEOUT,
    NoPrevious,
    Version,
    lock_checkpoint,
    move_checkpoint,
    previous_schema,
    source,
    stored,
    turn,
    versions,
)


class InUse(Trouble):
    """Something else in the database depends on the read model's tables."""

    def __init__(self, name: str, tables: Sequence[str]) -> None:
        super().__init__(
            f"Another object of the database, such as a view, is built on the read model {name} "
            f"({', '.join(f'{LIVE}.{table}' for table in tables)}); drop it, replay again, and make it anew."
        )


def shadow_schema(name: str) -> str:
    """Where a new version is built."""
    return f"rebuild_{name}"


def swap(connection: Connection, model: ReadModel, head: int, events_a_second: float | None) -> None:
    """Put the tables that were built, and folded to `head`, in the live ones' place.

    A version by another definition is kept beside, and follows on, to be gone back to. Raises InUse.
    """
    _when_free(connection, lambda: _swap(connection, model, head, events_a_second))


def _swap(connection: Connection, model: ReadModel, head: int, events_a_second: float | None) -> None:
    shadow = shadow_schema(model.name)
    checkpoint = lock_checkpoint(connection, model, whatever_definition=True)
    assert checkpoint is not None
    live = max(head, checkpoint.position)
    connection.execute("SET LOCAL search_path TO pg_catalog")
    refold(connection, model, shadow, live, touched(connection, model, head, live), insert_or_park)
    old = _replaced(connection, model)
    if old and old.definition != model.definition:
        drop_version(connection, model.name, previous_schema(model.name))
        _move(connection, old, LIVE, previous_schema(model.name))
    else:
        drop_version(connection, model.name, LIVE)
    new = {
        "projection": model.name,
        "definition": model.definition,
        "source": source(model),
        "held_against": None,
        "position": live,
        "tables": list(model.tables),
        "events_a_second": events_a_second,
    }
    connection.execute(query("replay", "new_checkpoint"), new)
    _move(connection, model, shadow, LIVE)
    move_checkpoint(connection, model, LIVE, live)
    connection.execute("DELETE FROM replay.rebuild WHERE projection = %s", [model.name])


def roll_back(connection: Connection, name: str) -> ReadModel:
    """Exchange the live version and the one before it; returns that which is live now.

    The program's own definition does not come back by itself, but with the next replay, or by going back once more.
    Raises NoPrevious and InUse.
    """
    with turn(connection, f"rebuild {name}"):
        previous = _kept(connection, name)
        _when_free(connection, lambda: _exchange(connection, previous.model))
    return previous.model


def _exchange(connection: Connection, model: ReadModel) -> None:
    name, aside = model.name, f"aside_{model.name}"
    live = lock_checkpoint(connection, model, whatever_definition=True)
    there = lock_checkpoint(connection, model, previous_schema(name))
    assert live is not None
    assert there is not None
    connection.execute("SET LOCAL search_path TO pg_catalog")
    keys = touched(connection, model, there.position, live.position)
    refold(connection, model, previous_schema(name), live.position, keys, insert_or_park)
    move_checkpoint(connection, model, previous_schema(name), live.position)
    current = _replaced(connection, model)
    assert current is not None
    _move(connection, current, LIVE, aside)
    _move(connection, model, previous_schema(name), LIVE)
    _move(connection, current, aside, previous_schema(name))
    connection.execute(
        "UPDATE replay.checkpoint SET held_against = CASE WHEN schema_name = %s AND definition <> %s THEN %s END"
        " WHERE projection = %s",
        [LIVE, read_models()[name].definition, current.definition, name],
    )


def retire(connection: Connection, name: str) -> None:
    """Drop the version that was kept to go back to. Raises NoPrevious."""
    with turn(connection, f"rebuild {name}"):
        _kept(connection, name)
        _when_free(connection, lambda: drop_version(connection, name, previous_schema(name)))


def drop_version(connection: Connection, name: str, schema: str) -> None:
    """Drop the tables of the version in a schema, if it is there, with all that is known of it."""
    rows = connection.execute(
        "DELETE FROM replay.checkpoint WHERE projection = %s AND schema_name = %s RETURNING tables", [name, schema]
    ).fetchall()
    connection.execute("DELETE FROM replay.parked WHERE projection = %s AND schema_name = %s", [name, schema])
    if schema != LIVE:
        connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))
        return
    for row in rows:
        for table in row["tables"]:
            connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(schema, table)))


def _move(connection: Connection, model: ReadModel, schema: str, to_schema: str) -> None:
    """Move tables, checkpoint and parked keys of a version; the schema that it leaves goes, and the other is made."""
    if to_schema != LIVE:
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(to_schema)))
        _let_in_analysts(connection, to_schema)
    for table in model.tables:
        connection.execute(
            sql.SQL("ALTER TABLE {} SET SCHEMA {}").format(sql.Identifier(schema, table), sql.Identifier(to_schema))
        )
    for known in ("checkpoint", "parked"):
        connection.execute(
            sql.SQL("UPDATE replay.{} SET schema_name = %s WHERE projection = %s AND schema_name = %s").format(
                sql.Identifier(known)
            ),
            [to_schema, model.name, schema],
        )
    if schema != LIVE:
        connection.execute(sql.SQL("DROP SCHEMA {}").format(sql.Identifier(schema)))


def _let_in_analysts(connection: Connection, schema: str) -> None:
    """They may compare the two versions, where there are roles."""
    role = connection.execute("SELECT to_regrole(%s) IS NOT NULL AS is_there", [ANALYST]).fetchone()
    if role and role["is_there"]:
        grant = sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(sql.Identifier(schema), sql.Identifier(ANALYST))
        connection.execute(grant)


def _replaced(connection: Connection, model: ReadModel) -> ReadModel | None:
    """The model by its live definition, if it can be followed on. Raises InUse where something is built on it."""
    row = connection.execute(query("replay", "tables_used"), {"projection": model.name, "schema": LIVE}).fetchone()
    if row and row["is_used"]:
        raise InUse(model.name, row["tables"])
    return stored(connection, model.name, LIVE)


def _kept(connection: Connection, name: str) -> Version:
    for version in versions(connection):
        if version.model.name == name and version.schema != LIVE:
            return version
    raise NoPrevious(name)


def _when_free(connection: Connection, work: Callable[[], None]) -> None:
    while True:
        try:
            with connection.transaction():
                connection.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(LOCK_TIMEOUT))
                work()
            return
        except errors.LockNotAvailable:
            # Somebody reads a table at length. Whoever waits behind us in the queue waits too, so step aside.
            time.sleep(float(LOCK_TIMEOUT.removesuffix("ms")) / 1000)
