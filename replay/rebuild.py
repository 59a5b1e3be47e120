"""Folds a read model anew beside the live one, compares the two at one position, and swaps them."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import LiteralString
from uuid import UUID

from psycopg import errors, sql

from eventstore.database import Connection, query
from eventstore.fence import horizon
from eventstore.trouble import Trouble
from projections.read_models import ROOT, ReadModel, outside, read_models
from replay.check import check
from replay.differences import NAMED, Difference, compare, named, pair
from replay.fold import LIVE, Row, columns, create_table, events_of, fill, refold, shape, touched
from replay.follow import advance, lock_checkpoint, position
from replay.roots import roots

_LOCK_TIMEOUT: LiteralString = "100ms"
_TURNS = 1163281492


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

    def __init__(self, tables: Sequence[str]) -> None:
        super().__init__(
            f"This database already has a table {' or '.join(f'{LIVE}.{table}' for table in tables)} that is not "
            "Everfold's. Give Everfold a database of its own."
        )


def prepare(connection: Connection) -> None:
    """Make every read model exist with today's definition; one that was folded by another definition is rebuilt.

    Processes that start at once take turns. Raises NameTaken, and FoldRefused for one from outside the program.
    """
    with turn(connection, "prepare"):
        known = {row["projection"]: row for row in connection.execute(query("replay", "checkpoints"))}
        for model in read_models().values():
            if model.name in known and known[model.name]["definition"] == model.definition:
                continue
            if model.name in outside():
                check(connection, model)
            if model.name in known:
                rebuild(connection, model)
            else:
                _create(connection, model)


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
    """Fold one customer's rows anew, in place, up to where the model stands; where she was merged, her survivor's."""
    started = time.perf_counter()
    with connection.transaction():
        head = lock_checkpoint(connection, model)
        connection.execute("SET LOCAL search_path TO pg_catalog")
        connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
        customers = [customer_id]
        if any(fold.is_rooted for fold in model.folds):
            customers += {roots(connection, ROOT, head, customers).merged.get(customer_id, customer_id)} - {customer_id}
        before = {table: _rows_of_customers(connection, table, customers) for table in model.tables}
        counted = [events_of(connection, fold, head, customers) for fold in model.folds]
        keys = [
            {*events, *(row[fold.table_key] for row in before[fold.table])}
            for fold, events in zip(model.folds, counted, strict=True)
        ]
        for table in model.tables:
            statement = sql.SQL("DELETE FROM {} WHERE customer_id = ANY(%s)").format(sql.Identifier(LIVE, table))
            connection.execute(statement, [customers])
        rows = refold(connection, model, LIVE, head, keys).rows
        after = {table: _rows_of_customers(connection, table, customers) for table in model.tables}
    differences = [
        difference
        for table in model.tables
        for difference in pair(before[table], after[table], columns(connection, table)[1], named(model, table))
    ]
    events = max(sum(count.values()) for count in counted)
    return Report(model.name, events, time.perf_counter() - started, rows, len(differences), differences[:NAMED])


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
    """One state of rows and checkpoint for several statements. The tables are taken before the snapshot is: a swap that
    came in between would leave the snapshot with tables that it does not know."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        tables = sql.SQL(", ").join(sql.Identifier(LIVE, table) for table in model.tables)
        connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(tables))
        yield


def _create(connection: Connection, model: ReadModel) -> None:
    try:
        with connection.transaction():
            create_table(connection, model, LIVE)
            connection.execute(
                "INSERT INTO replay.checkpoint (projection, definition, position, rebuilt_at, tables)"
                " VALUES (%s, %s, 0, clock_timestamp(), %s)",
                [model.name, model.definition, list(model.tables)],
            )
    except errors.DuplicateTable:
        raise NameTaken(model.tables) from None


def _is_comparable(connection: Connection, model: ReadModel, shadow: str) -> bool:
    """A table of another shape, or one folded by another definition, cannot be compared row by row."""
    checkpoints = connection.execute(query("replay", "checkpoints")).fetchall()
    definitions = {row["projection"]: row["definition"] for row in checkpoints}
    same_shape = all(shape(connection, table, shadow) == shape(connection, table) for table in model.tables)
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
                for table in _tables(connection, model):
                    connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(LIVE, table)))
                for table in model.tables:
                    move = sql.SQL("ALTER TABLE {} SET SCHEMA {}")
                    connection.execute(move.format(sql.Identifier(shadow, table), sql.Identifier(LIVE)))
                connection.execute(
                    "UPDATE replay.checkpoint SET definition = %s, position = %s, rebuilt_at = clock_timestamp(),"
                    " tables = %s WHERE projection = %s",
                    [model.definition, live, list(model.tables), model.name],
                )
                _drop(connection, shadow)
            return
        except errors.DependentObjectsStillExist:
            raise InUse(model.name) from None
        except errors.LockNotAvailable:
            # Somebody reads the table at length. Whoever waits behind us in the queue waits too, so step aside.
            time.sleep(float(_LOCK_TIMEOUT.removesuffix("ms")) / 1000)


def _tables(connection: Connection, model: ReadModel) -> list[str]:
    """The live tables that the model has by now, which another definition may have called otherwise."""
    row = connection.execute("SELECT tables FROM replay.checkpoint WHERE projection = %s", [model.name]).fetchone()
    assert row is not None
    return list(row["tables"])


def _drop(connection: Connection, schema: str) -> None:
    connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))


def _count(connection: Connection, model: ReadModel, head: int) -> int:
    row = connection.execute(
        "SELECT count(*) AS events FROM log.event WHERE position <= %s AND type = ANY(%s)", [head, list(model.types)]
    ).fetchone()
    assert row is not None
    return int(row["events"])


def _rows_of_customers(connection: Connection, table: str, customer_ids: list[UUID]) -> list[Row]:
    statement = sql.SQL("SELECT * FROM {} WHERE customer_id = ANY(%s)").format(sql.Identifier(LIVE, table))
    return connection.execute(statement, [customer_ids]).fetchall()
