"""Folds a read model anew beside the live one, compares the two at one position, and swaps them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import LiteralString
from uuid import UUID

from psycopg import errors, sql

from eventstore.database import Connection, query
from eventstore.fence import horizon
from eventstore.trouble import Trouble
from projections.read_models import ReadModel, read_models
from replay.fold import LIVE, Row, columns, create_table, fill, refold, shape, touched
from replay.follow import advance, lock_checkpoint, position

_LOCK_TIMEOUT: LiteralString = "100ms"
_TURNS = 1163281492
_NAMED = 20


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that the live table and the replay do not agree on: its key, and the columns that differ."""

    key: dict[str, str]
    columns: tuple[str, ...]

    def __str__(self) -> str:
        key = ", ".join(f"{name}={value}" for name, value in self.key.items())
        return f"{key}: {', '.join(self.columns)}"


@dataclass(frozen=True, slots=True)
class Report:
    """What a replay did: events folded, seconds, rows, and how many rows were not as the live table had them."""

    read_model: str
    events: int
    seconds: float
    rows: int
    differing: int
    differences: list[Difference] = field(default_factory=list)
    """The first of them, by name."""


class NameTaken(Trouble):
    """The database already has a table of a read model's name that is not ours."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"This database already has a table {LIVE}.{name} that is not Everfold's. "
            "Give Everfold a database of its own."
        )


def prepare(connection: Connection) -> None:
    """Make every read model exist with today's definition; one that was folded by another definition is rebuilt.

    Processes that start at once take turns. Raises NameTaken.
    """
    with turn(connection, "prepare"):
        known = {row["projection"]: row for row in connection.execute(query("replay", "checkpoints"))}
        for model in read_models().values():
            if model.name not in known:
                _create(connection, model)
            elif known[model.name]["definition"] != model.definition:
                rebuild(connection, model)


def rebuild(connection: Connection, model: ReadModel) -> Report:
    """Fold the whole history into a new table, compare it with the live one, and put it in that one's place.

    Readers and writers go on meanwhile; only the swap needs a short lock, and gives way while it is not free. Two
    rebuilds of one model take turns. Raises InUse when something else in the database was built on the table.
    """
    with turn(connection, f"rebuild {model.name}"):
        return _rebuild(connection, model)


def _rebuild(connection: Connection, model: ReadModel) -> Report:
    shadow = f"rebuild_{model.name}"
    started = time.perf_counter()
    with connection.transaction():
        _drop(connection, shadow)
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(shadow)))
        create_table(connection, model, shadow)
        head = horizon(connection)
        rows = fill(connection, model, shadow, head)
    seconds = time.perf_counter() - started
    events = _count(connection, model, head)
    differing, differences = 0, list[Difference]()
    if _is_comparable(connection, model, shadow):
        advance(connection, model, head)
        with _snapshot(connection, model):
            connection.execute("SET LOCAL search_path TO pg_catalog")
            live = position(connection, model)
            refold(connection, model, shadow, live, touched(connection, model, head, live))
            differing, differences = compare(connection, model, shadow)
            head = live
    _swap(connection, model, shadow, head)
    return Report(model.name, events, seconds, rows, differing, differences)


def verify(connection: Connection, model: ReadModel) -> Report:
    """Fold the whole history into a scratch table and compare it with the live one; changes nothing, waits for nobody.

    One snapshot holds both the live rows and the checkpoint that they were folded to.
    """
    scratch = f"verify_{model.name}_{connection.info.backend_pid}"
    try:
        with _snapshot(connection, model):
            head = position(connection, model)
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(scratch)))
            create_table(connection, model, scratch)
            started = time.perf_counter()
            rows = fill(connection, model, scratch, head)
            seconds = time.perf_counter() - started
            differing, differences = compare(connection, model, scratch)
            events = _count(connection, model, head)
            raise _Discard
    except _Discard:
        return Report(model.name, events, seconds, rows, differing, differences)


def replay_customer(connection: Connection, model: ReadModel, customer_id: UUID) -> Report:
    """Fold one customer's rows anew, in place, up to where the model stands."""
    started = time.perf_counter()
    with connection.transaction():
        head = lock_checkpoint(connection, model)
        connection.execute("SET LOCAL search_path TO pg_catalog")
        connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
        before = _rows_of_customer(connection, model, customer_id)
        parameters = {"customer_id": customer_id, "position": head, "types": list(model.types)}
        scope = sql.SQL(query("replay", "customer_keys")).format(key=sql.Identifier(model.key_column))
        counted = connection.execute(scope, parameters).fetchall()
        keys = {row["key"] for row in counted} | {row[model.table_key] for row in before}
        connection.execute(
            sql.SQL("DELETE FROM {} WHERE customer_id = %s").format(sql.Identifier(LIVE, model.name)), [customer_id]
        )
        rows = refold(connection, model, LIVE, head, sorted(keys))
        after = _rows_of_customer(connection, model, customer_id)
    _, key = columns(connection, model)
    differences = _pair(before, after, key)
    events = sum(row["events"] for row in counted)
    return Report(model.name, events, time.perf_counter() - started, rows, len(differences), differences[:_NAMED])


def compare(connection: Connection, model: ReadModel, schema: str) -> tuple[int, list[Difference]]:
    """How many rows of the live table and of `schema`'s differ, and the first of them by name."""
    _, key = columns(connection, model)
    statement = sql.SQL(query("replay", "differences")).format(
        live=sql.Identifier(LIVE, model.name),
        replayed=sql.Identifier(schema, model.name),
        key=sql.SQL(", ").join(map(sql.Identifier, key)),
    )
    found = connection.execute(statement, {"limit": _NAMED}).fetchall()
    differences = [_difference(row["live"], row["replayed"], key) for row in found]
    return (found[0]["differing"] if found else 0), differences


class InUse(Trouble):
    """Something else in the database depends on the read model's table."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Another object of the database, such as a view, is built on the table {LIVE}.{name}; "
            "drop it, replay again, and make it anew."
        )


@contextmanager
def turn(connection: Connection, work: str) -> Iterator[None]:
    """Do this work while no other process does it; those that want to wait."""
    key = ["SELECT pg_advisory_lock({}, hashtext(%s))", "SELECT pg_advisory_unlock({}, hashtext(%s))"]
    lock, unlock = (sql.SQL(text).format(sql.Literal(_TURNS)) for text in key)
    connection.execute(lock, [work])
    try:
        yield
    finally:
        connection.execute(unlock, [work])


@contextmanager
def _snapshot(connection: Connection, model: ReadModel) -> Iterator[None]:
    """One state of rows and checkpoint for several statements. The table is taken before the snapshot is: a swap that
    came in between would leave the snapshot with a table that it does not know."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(sql.Identifier(LIVE, model.name)))
        yield


def _create(connection: Connection, model: ReadModel) -> None:
    try:
        with connection.transaction():
            create_table(connection, model, LIVE)
            connection.execute(
                "INSERT INTO replay.checkpoint (projection, definition, position, rebuilt_at)"
                " VALUES (%s, %s, 0, clock_timestamp())",
                [model.name, model.definition],
            )
    except errors.DuplicateTable:
        raise NameTaken(model.name) from None


def _is_comparable(connection: Connection, model: ReadModel, shadow: str) -> bool:
    """A table of another shape, or one folded by another definition, cannot be compared row by row."""
    checkpoints = connection.execute(query("replay", "checkpoints")).fetchall()
    definitions = {row["projection"]: row["definition"] for row in checkpoints}
    same_shape = shape(connection, model, shadow) == shape(connection, model)
    return same_shape and definitions[model.name] == model.definition


class _Discard(Exception):
    """Rolls a transaction back whose only product was the comparison."""


def _swap(connection: Connection, model: ReadModel, shadow: str, head: int) -> None:
    while True:
        try:
            with connection.transaction():
                connection.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(_LOCK_TIMEOUT))
                live = max(head, lock_checkpoint(connection, model, whatever_definition=True))
                connection.execute("SET LOCAL search_path TO pg_catalog")
                refold(connection, model, shadow, live, touched(connection, model, head, live))
                connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(LIVE, model.name)))
                connection.execute(
                    sql.SQL("ALTER TABLE {} SET SCHEMA {}").format(
                        sql.Identifier(shadow, model.name), sql.Identifier(LIVE)
                    )
                )
                connection.execute(
                    "UPDATE replay.checkpoint SET definition = %s, position = %s, rebuilt_at = clock_timestamp()"
                    " WHERE projection = %s",
                    [model.definition, live, model.name],
                )
                _drop(connection, shadow)
            return
        except errors.DependentObjectsStillExist:
            raise InUse(model.name) from None
        except errors.LockNotAvailable:
            # Somebody reads the table at length. Whoever waits behind us in the queue waits too, so step aside.
            time.sleep(float(_LOCK_TIMEOUT.removesuffix("ms")) / 1000)


def _drop(connection: Connection, schema: str) -> None:
    connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))


def _count(connection: Connection, model: ReadModel, head: int) -> int:
    row = connection.execute(
        "SELECT count(*) AS events FROM log.event WHERE position <= %s AND type = ANY(%s)", [head, list(model.types)]
    ).fetchone()
    assert row is not None
    return int(row["events"])


def _rows_of_customer(connection: Connection, model: ReadModel, customer_id: UUID) -> list[Row]:
    statement = sql.SQL("SELECT * FROM {} WHERE customer_id = %s").format(sql.Identifier(LIVE, model.name))
    return connection.execute(statement, [customer_id]).fetchall()


def _pair(before: list[Row], after: list[Row], key: list[str]) -> list[Difference]:
    old = {tuple(row[name] for name in key): row for row in before}
    new = {tuple(row[name] for name in key): row for row in after}
    changed = [k for k in old.keys() | new.keys() if old.get(k) != new.get(k)]
    return [_difference(old.get(k), new.get(k), key) for k in changed]


def _difference(live: Row | None, replayed: Row | None, key: list[str]) -> Difference:
    row = live or replayed
    assert row is not None
    named = {name: str(row[name]) for name in key}
    if live is None:
        return Difference(named, ("missing in the live table",))
    if replayed is None:
        return Difference(named, ("only in the live table",))
    return Difference(named, tuple(name for name in live if live[name] != replayed[name]))
