"""Full replays: beside the usual way to make a read model, beside one pass over the log, and while others work."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from threading import Event as Signal
from threading import Thread

from bench.follow import following
from bench.ground import Measured, Result, database, statement
from bench.projected import rate
from bench.tail import RATE, Writer, percentile, without_end, writing
from eventstore.database import Connection, connect
from eventstore.fence import horizon
from projections.read_models import read_models
from replay.progress import ask, under_way
from replay.rebuild import rebuild
from replay.together import replay_together

AT_ONCE = 2
_PEER_EVENTS = 20_000
ROUNDS = 3
_PAUSE = 0.005
_READ_MODEL = "lead"
_LOOK_AT_ONE = b"SELECT * FROM public.lead ORDER BY captured_at DESC, lead_id DESC LIMIT 1"


def run(conninfo: str, seconds: float) -> Iterator[Result | Measured]:
    """All figures; `seconds` is how long there is writing with and without a replay. The log lies at `conninfo`."""
    with database(conninfo) as library:
        peer = rate(library, conninfo, _PEER_EVENTS)
    with without_end(conninfo, round(RATE * 4 * seconds)) as (log, appends), connect(log) as connection:
        yield from _one_by_one(connection, peer)
        yield from _together(log, connection)
        with following(log, 1), writing(log, appends) as writer:
            yield from _while_writing(log, writer, seconds)
            yield from _beside_an_analyst(log, writer, seconds)


def _one_by_one(connection: Connection, peer: float) -> Iterator[Result]:
    """Each read model: folding, indexing, comparing, swapping. The peer's bar is for those that read as much as it."""
    for model in read_models().values():
        report = rebuild(connection, model)
        ours = report.events / report.seconds
        is_long = report.events >= _PEER_EVENTS
        phases = {name: round(seconds, 2) for name, seconds in report.phases.items()}
        details = {"events": report.events, "seconds": round(report.seconds, 2), "differing": report.differing}
        yield Result(
            f"replay of {model.name}, {report.events:,} events",
            ours,
            "library's runner",
            peer,
            ours / peer,
            100 if is_long else None,
            {**details, "phases": phases},
        )


def _together(conninfo: str, connection: Connection) -> Iterator[Measured]:
    """All read models on two connections, in passes over the log; and which part of the work is what."""
    events = horizon(connection)
    connection.execute("SET max_parallel_workers_per_gather = 0")
    one_pass = median(_seconds(lambda: connection.execute(statement("field_pass"))) for _ in range(ROUNDS))
    began = time.perf_counter()
    outcome = replay_together(lambda: connect(conninfo), list(read_models().values()), lambda _: None, at_once=AT_ONCE)
    seconds = time.perf_counter() - began
    yield Measured(f"one pass over {events:,} events that takes out a field", one_pass, "s")
    yield Measured("all read models on two connections", seconds, "s")
    yield Measured("all read models, in such passes", seconds / one_pass, "passes", at_most=60)
    phases = Counter[str]()
    for report in outcome.reports:
        phases.update(report.phases)
    for name, spent in phases.most_common():
        yield Measured(f"all read models, {name}", spent, "s of both")
    yield Measured("rows that differ", sum(report.differing for report in outcome.reports), "rows", at_most=0)


def _while_writing(conninfo: str, writer: Writer, seconds: float) -> Iterator[Measured]:
    """What appends take while nothing else is done but to follow, and while all read models are rebuilt."""
    writer.write(seconds)
    alone = [1000 * each.seconds for each in writer.done()]
    with _rebuilding_all(conninfo) as count:
        writer.write(seconds)
        beside = [1000 * each.seconds for each in writer.done()]
    quiet, busy = percentile(alone, 0.95), percentile(beside, 0.95)
    yield Measured(f"appends at {RATE} events/s, p95", quiet, "ms")
    yield Measured("the same while read models are rebuilt, p95", busy, "ms")
    yield Measured(f"the same, ratio ({count[0]} read models rebuilt)", busy / quiet, "x", at_most=2)


def _beside_an_analyst(conninfo: str, writer: Writer, seconds: float) -> Iterator[Measured]:
    """Somebody reads a table at length just when it is to be swapped: how long others wait at most."""
    with connect(conninfo) as analyst, connect(conninfo) as watcher, _reading(conninfo) as waits:
        analyst.execute("BEGIN")
        analyst.execute(_LOOK_AT_ONE)
        with _rebuilding(conninfo, _READ_MODEL) as is_swapped:
            try:
                while not is_swapped.is_set() and not _is_swapping(watcher):
                    time.sleep(_PAUSE)
                writer.write(seconds)
                done = writer.done()
                is_waiting = not is_swapped.is_set()
            finally:
                analyst.execute("COMMIT")
    assert is_waiting, "the swap did not wait for the analyst"
    yield Measured("longest wait of a reader beside an analyst, in a swap", 1000 * max(waits), "ms", at_most=200)
    longest = max(each.seconds for each in done)
    yield Measured("longest wait of an append beside an analyst, in a swap", 1000 * longest, "ms", at_most=200)


def _is_swapping(connection: Connection) -> bool:
    return any(each.phase == "swapping" for each in under_way(connection))


@contextmanager
def _rebuilding_all(conninfo: str) -> Iterator[list[int]]:
    """Rebuilds all read models, some at a time, again and again; and counts them."""
    count, done = [0], Signal()
    models = list(read_models().values())

    def work() -> None:
        while not done.is_set():
            outcome = replay_together(lambda: connect(conninfo), models, lambda _: None, at_once=AT_ONCE)
            count[0] += len(outcome.reports)

    with connect(conninfo) as connection, _beside(work, done):
        yield count
        done.set()
        ask(connection, list(read_models()), "cancel")


@contextmanager
def _rebuilding(conninfo: str, name: str) -> Iterator[Signal]:
    """Rebuilds a read model; to be asked whether that is done."""
    done = Signal()

    def work() -> None:
        with connect(conninfo) as connection:
            rebuild(connection, read_models()[name])
        done.set()

    with _beside(work, Signal()):
        yield done


@contextmanager
def _reading(conninfo: str) -> Iterator[list[float]]:
    """Reads the newest lead, again and again; the seconds that each time took."""
    waits, done = [0.0], Signal()

    def work() -> None:
        with connect(conninfo) as connection:
            while not done.wait(_PAUSE):
                waits.append(_seconds(lambda: connection.execute(_LOOK_AT_ONE)))

    with _beside(work, done):
        yield waits


@contextmanager
def _beside(work: Callable[[], None], done: Signal) -> Iterator[None]:
    thread = Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin
