"""A log that lacks its end, and the end, to be appended as it was: what is going on in a company, at a given pace."""

import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from math import ceil
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe

from psycopg import sql

from bench.ground import database, statement
from eventstore import log
from eventstore.bulk import LARGEST
from eventstore.database import connect, query
from eventstore.fence import horizon
from eventstore.wake import Bell
from replay.follow import catch_up
from replay.rebuild import prepare

RATE = 300
"""Events a second of a busy company."""

Appends = Sequence[Sequence[log.Row]]
"""What was recorded together is appended together."""


@dataclass(frozen=True, slots=True)
class Appended:
    """An append: its last position, when it was committed (seconds, of a clock that all processes share), how many
    seconds it took, and how many events it was."""

    position: int
    at: float
    seconds: float
    events: int


@contextmanager
def without_end(conninfo: str, events: int) -> Iterator[tuple[str, Appends]]:
    """Another database with the same log but for about that many of its last events, read models folded; and these."""
    with database(conninfo) as other, connect(conninfo) as source, connect(other) as target:
        split = max(0, horizon(source) - events)
        rows = source.execute(statement("later_events"), {"after": split}).fetchall()
        for after in range(0, split, LARGEST):
            piece = {"after": sql.Literal(after), "upto": sql.Literal(min(after + LARGEST, split))}
            with target.transaction():
                target.execute(query("eventstore", "incoming"))
                copied = sql.SQL(statement("copied_events").decode()).format(**piece)
                incoming = statement("incoming_events")
                with source.cursor().copy(copied) as reading, target.cursor().copy(incoming) as writing:
                    for block in reading:
                        writing.write(block)
                target.execute("SELECT log.append_copied('[]')")
        get_ready(other)
        yield other, [row["events"] for row in rows]


def get_ready(conninfo: str) -> None:
    """Fold the read models, and let the server know its tables."""
    with connect(conninfo) as connection:
        prepare(connection)
        connection.execute("VACUUM ANALYZE")
        catch_up(connection)
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


class Writer:
    """A process that appends at a pace, and rings the bell as the product does."""

    def __init__(self, conninfo: str, appends: Appends, rate: float) -> None:
        context = get_context("fork")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_write, args=(conninfo, appends, rate, theirs), daemon=True)
        self._process.start()
        self._answer()

    def write(self, seconds: float) -> None:
        """Begin to append, for that long."""
        self._pipe.send(seconds)

    def done(self) -> list[Appended]:
        """What was appended; waits for the end."""
        found: list[Appended] = self._answer()
        return found

    def leave(self) -> None:
        """End the process."""
        with suppress(BrokenPipeError):
            self._pipe.send(None)
        self._process.join()

    def _answer(self) -> list[Appended]:
        try:
            found: list[Appended] = self._pipe.recv()
        except EOFError:
            raise ChildProcessError("The process that appends has died; what it said stands above.") from None
        return found


@contextmanager
def writing(conninfo: str, appends: Appends, rate: float = RATE) -> Iterator[Writer]:
    """A writer that has these to append."""
    writer = Writer(conninfo, appends, rate)
    try:
        yield writer
    finally:
        writer.leave()


def _write(conninfo: str, appends: Appends, rate: float, pipe: Pipe) -> None:
    bell, left = Bell(), deque(appends)
    with connect(conninfo) as connection:
        pipe.send([])
        while (seconds := pipe.recv()) is not None:
            done, events, began = list[Appended](), 0, time.perf_counter()
            while left and events < rate * seconds:
                rows = left.popleft()
                time.sleep(max(0, began + events / rate - time.perf_counter()))
                begin = time.perf_counter()
                positions = log.append_rows(connection, rows, None)
                now = time.perf_counter()
                bell.ring(connection)
                done.append(Appended(positions[-1], now, now - begin, len(rows)))
                events += len(rows)
            pipe.send(done)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of them does not exceed."""
    return sorted(values)[max(0, ceil(share * len(values)) - 1)]
