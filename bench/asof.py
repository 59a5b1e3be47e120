"""One customer as of a past moment, beside reading her events; and all read models of then, beside one pass in SQL."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from statistics import quantiles
from uuid import UUID

from bench.ground import Contender, Ready, Result, Step, compared, race, statement
from eventstore.database import Connection, connect, query
from eventstore.fence import horizon
from projections.customers import TABLES
from projections.read_models import read_models
from replay.asof import drop, known_at
from replay.recall import customer_at, table_at

_TRIES = 400
_SCHEMAS = 3


def run(conninfo: str, seconds: float) -> Iterator[Result]:
    """In a log that is there, as of three quarters of it; `seconds` is how long each contender runs for each figure."""
    with connect(conninfo) as connection:
        position = horizon(connection) * 3 // 4
    for figure, tables, to_reach in (
        ("one customer", TABLES[:1], 1 / 3),
        ("one customer and her parts", TABLES, None),
    ):
        folds, reads = partial(_folds, position, tables), partial(_reads, position)
        rates = race(conninfo, [Contender("everfold", folds), Contender("reading events", reads)], 1, seconds)
        slow = f"p95 {_p95(conninfo, folds):.1f} ms against {_p95(conninfo, reads):.1f}"
        yield compared(f"{figure} as of a moment, {slow}", rates, to_reach)
    yield _whole(conninfo, position)


def _customers(connection: Connection, position: int) -> Sequence[UUID]:
    rows = connection.execute(statement("some_customers"), {"position": position})
    return [row["customer_id"] for row in rows]


def _fold(connection: Connection, customer_id: UUID, position: int, tables: Sequence[str]) -> None:
    root = customer_at(connection, customer_id, position)
    for table in tables:
        table_at(connection, table, root, position)


@contextmanager
def _folds(position: int, tables: Sequence[str], conninfo: str) -> Iterator[Step]:
    with connect(conninfo) as connection:
        customers, chance = _customers(connection, position), random.Random(7)
        yield lambda: _fold(connection, chance.choice(customers), position, tables)


@contextmanager
def _reads(position: int, conninfo: str) -> Iterator[Step]:
    """All of her events, as the driver gives them."""
    load = query("eventstore", "load_customer")
    with connect(conninfo) as connection:
        customers, chance = _customers(connection, position), random.Random(7)
        yield lambda: connection.execute(
            load, {"customer_id": chance.choice(customers), "horizon": position}
        ).fetchall()


def _p95(conninfo: str, ready: Ready) -> float:
    """In milliseconds, over so many steps."""
    with ready(conninfo) as step:
        for _ in range(_TRIES // 10):
            step()
        return quantiles((_seconds(step) for _ in range(_TRIES)), n=20)[-1] * 1_000


def _whole(conninfo: str, position: int) -> Result:
    """In events per second: every event is there for many folds, and the pass takes one field out of each."""
    rates: dict[str, list[float]] = {"everfold": [], "one pass in SQL": []}
    models = list(read_models().values())
    with connect(conninfo) as connection:
        for _ in range(_SCHEMAS):
            work: tuple[Callable[[], object], ...] = (
                lambda: known_at(connection, position, models),
                lambda: connection.execute(statement("one_field"), {"position": position}).fetchone(),
            )
            for name, step in zip(rates, work, strict=True):
                rates[name].append(position / _seconds(step))
            drop(connection, position)
    return compared(f"all read models as of a moment, of {position:,} events", rates)


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin
