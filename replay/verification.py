"""Compares live rows with what a replay gives, for a whole read model or for one customer."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from psycopg import sql

from eventstore.database import Connection, query
from eventstore.trouble import Trouble
from projections.read_models import ROOT, ReadModel
from replay.differences import NAMED, Difference, Report, compare, difference, named, pair
from replay.fold import Row, columns, create_table, events_of, fill, refold
from replay.follow import position
from replay.parked import count_parked, insert_or_park, parked
from replay.roots import roots
from replay.versions import LIVE, in_force, lock_checkpoint, move_checkpoint


def verify(connection: Connection, model: ReadModel) -> Report:
    """Fold the whole history into a scratch table and compare it with the live one; changes nothing, waits for nobody.

    One snapshot holds both the live rows and the checkpoint that they were folded to.
    """
    model = in_force(connection, model)
    scratch = f"verify_{model.name}_{connection.info.backend_pid}"
    try:
        with snapshot(connection, model):
            head = position(connection, model)
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(scratch)))
            create_table(connection, model, scratch)
            started = time.perf_counter()
            rows = fill(connection, model, scratch, head, insert_or_park)
            seconds = time.perf_counter() - started
            differing, differences = compare(connection, model, scratch)
            events = count_events(connection, model, head)
            set_apart = count_parked(connection, model, scratch)
            raise _Discard
    except _Discard:
        return Report(model.name, events, seconds, rows, differing, differences, parked=set_apart)


def replay_customer(connection: Connection, model: ReadModel, customer_id: UUID) -> Report:
    """Fold one customer's rows anew, in place, up to where the model stands; where she was merged, her survivor's."""
    started = time.perf_counter()
    model = in_force(connection, model)
    with connection.transaction():
        checkpoint = lock_checkpoint(connection, model)
        assert checkpoint is not None
        head = checkpoint.position
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
        rows = refold(connection, model, LIVE, head, keys, insert_or_park).rows
        move_checkpoint(connection, model, LIVE, head)
        after = {table: _rows_of_customers(connection, table, customers) for table in model.tables}
    differences = [
        difference
        for table in model.tables
        for difference in pair(before[table], after[table], columns(connection, table)[1], named(model, table))
    ]
    events = max(sum(count.values()) for count in counted)
    return Report(model.name, events, time.perf_counter() - started, rows, len(differences), differences[:NAMED])


def retry_parked(connection: Connection, model: ReadModel) -> None:
    """Fold the keys that are set apart once more, up to where the model stands."""
    model = in_force(connection, model)
    with connection.transaction():
        checkpoint = lock_checkpoint(connection, model)
        assert checkpoint is not None
        connection.execute(query("replay", "as_follower"))
        found = parked(connection, [model.name])
        keys = [{each.key for each in found if each.table == table} for table in model.tables]
        refold(connection, model, LIVE, checkpoint.position, keys, insert_or_park)
        move_checkpoint(connection, model, LIVE, checkpoint.position)


@contextmanager
def snapshot(connection: Connection, model: ReadModel) -> Iterator[None]:
    """One state of rows and checkpoint for several statements. The tables are taken before the snapshot is: a swap that
    came in between would leave the snapshot with tables that it does not know."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        tables = sql.SQL(", ").join(sql.Identifier(LIVE, table) for table in model.tables)
        connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(tables))
        yield


@dataclass(frozen=True, slots=True)
class Preview:
    """What another definition of a read model would change: rows by what becomes of them, and columns by how often."""

    read_model: str
    rows: int
    added: int
    removed: int
    changed: int
    columns: dict[str, int]
    """In how many of the changed rows each column that both have differs."""
    new_columns: list[str]
    lost_columns: list[str]
    differences: list[Difference]
    """The first of them, by name."""


class NotComparable(Trouble):
    """The rows of two definitions have different keys."""

    def __init__(self, table: str) -> None:
        super().__init__(
            f"The primary key of {table} is another one, so that no row can be compared with the live one."
        )


def preview(connection: Connection, draft: ReadModel) -> Preview:
    """Fold the whole history by a definition that is not in force, and compare with the live answer; changes nothing.

    Raises NotComparable where the keys are not the same.
    """
    scratch = f"preview_{draft.name}_{connection.info.backend_pid}"
    table = draft.tables[-1]
    try:
        with snapshot(connection, in_force(connection, draft)):
            head = position(connection, draft)
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(scratch)))
            create_table(connection, draft, scratch)
            fill(connection, draft, scratch, head, insert_or_park)
            found = _preview(connection, draft.name, table, scratch)
            raise _Discard
    except _Discard:
        return found


def _preview(connection: Connection, name: str, table: str, scratch: str) -> Preview:
    live, key = columns(connection, table)
    new, new_key = columns(connection, table, scratch)
    if key != new_key:
        raise NotComparable(table)
    statement = sql.SQL(query("replay", "preview")).format(
        live=sql.Identifier(LIVE, table),
        new=sql.Identifier(scratch, table),
        key=sql.SQL(", ").join(map(sql.Identifier, key)),
    )
    both = [column for column in live if column in new]
    (row,) = connection.execute(statement, {"columns": both, "limit": NAMED}).fetchall()
    return Preview(
        name,
        row["rows"],
        row["added"],
        row["removed"],
        row["changed"],
        row["columns"],
        [column for column in new if column not in live],
        [column for column in live if column not in new],
        [difference(named_row["live"], named_row["new"], key, "") for named_row in row["first"]],
    )


class _Discard(Exception):
    """Rolls a transaction back whose only product was the comparison."""


def count_events(connection: Connection, model: ReadModel, head: int) -> int:
    """How many events up to a position the model's folds read."""
    row = connection.execute(
        "SELECT count(*) AS events FROM log.event WHERE position <= %s AND type = ANY(%s)", [head, list(model.types)]
    ).fetchone()
    assert row is not None
    return int(row["events"])


def _rows_of_customers(connection: Connection, table: str, customer_ids: list[UUID]) -> list[Row]:
    statement = sql.SQL("SELECT * FROM {} WHERE customer_id = ANY(%s)").format(sql.Identifier(LIVE, table))
    return connection.execute(statement, [customer_ids]).fetchall()
