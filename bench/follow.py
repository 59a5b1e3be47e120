"""How soon what was committed is seen in all read models, with two processes that follow, and what that costs them."""

import os
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from threading import Event as Signal
from threading import Thread

from bench import hot
from bench.ground import Measured, database
from bench.tail import RATE, Appended, Appends, get_ready, percentile, without_end, writing
from eventstore.database import Connection, connect
from replay.follow import Follower

FOLLOWERS = 2
HOT_RATE = 10
_WARM_UP = 2.0
_LOOK = 0.002
_PATIENCE = 30.0


def run(conninfo: str, seconds: float, hot_events: int) -> Iterator[Measured]:
    """The demo company's log lies at `conninfo`: its last events are appended anew; then those of one busy customer."""
    with without_end(conninfo, round(RATE * (seconds + _WARM_UP))) as (log, appends):
        yield from measured(f"at {RATE} events/s", log, appends, RATE, seconds, at_most=100, cores=None)
    with database(conninfo) as log:
        appends = hot.fill(log, hot_events, round(HOT_RATE * (seconds + _WARM_UP)))
        get_ready(log)
        about = f"a customer of {hot_events:,} events, {HOT_RATE} more a second"
        yield from measured(about, log, appends, HOT_RATE, seconds, at_most=1000, cores=0.5)


def measured(
    about: str, log: str, appends: Appends, rate: float, seconds: float, *, at_most: float, cores: float | None
) -> Iterator[Measured]:
    """From commit to visible in all read models; and the processors' time that followers and their sessions took."""
    with following(log, FOLLOWERS) as used, writing(log, appends, rate) as writer, watching(log) as seen:
        writer.write(_WARM_UP)  # plans, caches and connections are warm
        wait_for(seen, writer.done())
        before, began = used(), time.perf_counter()
        writer.write(seconds)
        done = writer.done()
        wait_for(seen, done)
        after, ended = used(), time.perf_counter()
    delays = [1000 * (visible(seen, each) - each.at) for each in done for _ in range(each.events)]
    pace = len(delays) / (max(each.at for each in done) - began)
    yield Measured(f"{about}: reached", pace, "events/s")
    yield Measured(f"{about}: commit to visible, p50", percentile(delays, 0.5), "ms")
    yield Measured(f"{about}: commit to visible, p99", percentile(delays, 0.99), "ms", at_most=at_most)
    if before is not None and after is not None:
        yield Measured(f"{about}: following takes", (after - before) / (ended - began), "cores", at_most=cores)


Seen = list[tuple[int, float]]
"""Up to which position all read models were seen to be folded, and when."""


def visible(seen: Seen, appended: Appended) -> float:
    """When an append was seen in all read models."""
    return seen[bisect_left(seen, appended.position, key=lambda each: each[0])][1]


@contextmanager
def watching(conninfo: str) -> Iterator[Seen]:
    """Looks, again and again, how far the slowest read model is."""
    seen, done = Seen(), Signal()

    def watch() -> None:
        with connect(conninfo) as connection:
            while not done.wait(_LOOK):
                position = _slowest(connection)
                if not seen or position > seen[-1][0]:
                    seen.append((position, time.perf_counter()))

    thread = Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()


def _slowest(connection: Connection) -> int:
    row = connection.execute("SELECT min(position) AS position FROM replay.checkpoint", prepare=True).fetchone()
    return int(row["position"] or 0) if row else 0


def wait_for(seen: Seen, done: Sequence[Appended], patience: float = _PATIENCE) -> None:
    """Until all of it was seen. Raises ChildProcessError when it is not in time."""
    until = time.perf_counter() + patience
    while done and not (seen and seen[-1][0] >= done[-1].position):
        if time.perf_counter() > until:
            raise ChildProcessError("The followers do not follow; what they said stands above.")
        time.sleep(_LOOK)


@contextmanager
def following(conninfo: str, processes: int) -> Iterator[Callable[[], float | None]]:
    """That many processes follow; to be asked for the seconds of processors that they and their sessions have used.

    None where the server's processes cannot be seen from here. What the server does in parallel workers is not in it.
    """
    context = get_context("fork")
    with ExitStack() as stack, connect(conninfo) as connection:
        others = _sessions(connection)
        pids = []
        for _ in range(processes):
            ours, theirs = context.Pipe()
            process = context.Process(target=_follow, args=(conninfo, theirs), daemon=True)
            process.start()
            stack.callback(_end, ours, process.join)
            ours.recv()
            pids.append(process.pid or 0)
        while len(backends := _sessions(connection) - others) < processes:
            time.sleep(_LOOK)
        is_near = all(_called(pid).startswith("postgres") for pid in backends)
        yield lambda: _used([*pids, *backends]) if is_near else None


def _follow(conninfo: str, pipe: Pipe) -> None:
    follower = Follower(conninfo)
    follower.start()
    pipe.send(None)
    pipe.recv()
    follower.stop()


def _end(pipe: Pipe, join: Callable[[], None]) -> None:
    with suppress(BrokenPipeError):
        pipe.send(None)
    join()


def _sessions(connection: Connection) -> set[int]:
    rows = connection.execute(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
    )
    return {row["pid"] for row in rows}


def _called(pid: int) -> str:
    """The name of a process here; nothing where there is none."""
    comm = Path(f"/proc/{pid}/comm")
    return comm.read_text() if comm.is_file() else ""


def _used(pids: Sequence[int]) -> float:
    stats = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    return sum(int(stat[11]) + int(stat[12]) for stat in stats) / os.sysconf("SC_CLK_TCK")
