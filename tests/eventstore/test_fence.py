"""A tailing reader misses nothing, whatever writers do; without the fence, or with its steps swapped, it does."""

import random
from collections.abc import Callable
from threading import Event as Signal
from threading import Thread
from uuid import uuid4

import psycopg
import pytest

from domain.event import CustomerId
from eventstore import fence, log
from eventstore.bulk import append_bulk
from eventstore.database import Connection, connect, migrate
from tests.facts import NOBODY, captured, given

Horizon = Callable[[Connection, Callable[[], None]], int]


def fenced(connection: Connection, between: Callable[[], None]) -> int:
    """The fence itself; `between` happens after its first step. While a writer is under way it lets nobody read on."""
    drawn, before = fence.drawn, fence.drawn(connection)

    def drawn_and_then(opened: Connection) -> int:
        head = drawn(opened)
        between()
        return head

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fence, "drawn", drawn_and_then)
        try:
            return fence.horizon(connection, patience=0.05)
        except fence.StuckWriter:
            return before


def unfenced(connection: Connection, between: Callable[[], None]) -> int:
    """What a reader without a fence does: it reads as far as it can see."""
    between()
    row = connection.execute("SELECT coalesce(max(position), 0) AS head FROM log.event").fetchone()
    assert row is not None
    return int(row["head"])


def the_wrong_way_round(connection: Connection, between: Callable[[], None]) -> int:
    """The fence's steps in the other order: holders first, the last position drawn second."""
    waiting = set(fence.writers(connection))
    between()
    head = fence.drawn(connection)
    while waiting & fence.writers(connection).keys():
        pass
    return head


def tail(conninfo: str, horizon: Horizon) -> tuple[set[int], set[int]]:
    """One writer draws a position and commits late, another draws the next and commits at once, while a reader reads.

    Returns the positions committed and the positions that the reader saw, in two looks.
    """
    with connect(conninfo) as late, connect(conninfo) as quick, connect(conninfo) as reader:
        start = fence.drawn(reader)
        transaction = late.transaction()

        def write() -> None:
            transaction.__enter__()
            given(late, captured("late"))
            given(quick, captured("quick"))

        head = horizon(reader, write)
        seen = {event.position for event in log.read(reader, after=start, horizon=head, limit=100)}
        transaction.__exit__(None, None, None)
        head_after = horizon(reader, lambda: None)
        seen |= {event.position for event in log.read(reader, after=head, horizon=head_after, limit=100)}
        rows = reader.execute("SELECT position FROM log.event WHERE position > %s", [start]).fetchall()
    return {row["position"] for row in rows}, seen


def test_behind_the_fence_nothing_is_missed(conninfo: str) -> None:
    committed, seen = tail(conninfo, fenced)
    assert len(committed) == 2
    assert seen == committed


@pytest.mark.parametrize("horizon", [unfenced, the_wrong_way_round])
def test_a_reader_with_a_planted_bug_misses_the_late_event(conninfo: str, horizon: Horizon) -> None:
    committed, seen = tail(conninfo, horizon)
    assert len(committed - seen) == 1


def test_the_first_event_of_an_empty_log_is_read(cluster: str) -> None:
    name = "empty_log"
    with psycopg.connect(cluster, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
        admin.execute(f"CREATE DATABASE {name}".encode())
    with connect(psycopg.conninfo.make_conninfo(cluster, dbname=name)) as connection:
        migrate(connection)
        assert fence.drawn(connection) == 0
        assert fence.horizon(connection) == 0
        given(connection, captured())
        assert fence.horizon(connection) == 1
        (first,) = log.read(connection, after=0, horizon=1, limit=10)
        assert first.position == 1


def test_a_stuck_writer_delays_and_is_named(conninfo: str, connection: Connection) -> None:
    with connect(conninfo) as stuck:
        with stuck.transaction():
            given(stuck, captured())
            with pytest.raises(fence.StuckWriter) as found:
                fence.horizon(connection, patience=0.05)
            assert found.value.pid == stuck.info.backend_pid
            assert str(stuck.info.backend_pid) in str(found.value)
            given(connection, captured())  # other writers go on
        assert fence.horizon(connection) == fence.drawn(connection)


def test_a_writer_in_another_database_delays_nobody(cluster: str, conninfo: str, connection: Connection) -> None:
    with psycopg.connect(cluster) as elsewhere:
        elsewhere.execute("SELECT pg_advisory_xact_lock_shared(1163281490, 1)")
        fence.horizon(connection, patience=0.05)
        assert connection.execute("SELECT * FROM log.fence_holder").fetchall() == []


@pytest.mark.parametrize("bulk", [False, True])
def test_a_position_is_drawn_only_by_who_holds_the_lock(conninfo: str, connection: Connection, bulk: bool) -> None:
    """Otherwise a reader could list the holders between the two, find none, and pass the position for ever."""
    event = log.NewEvent(CustomerId(uuid4()), "lead", uuid4(), 1, captured())

    def write() -> None:
        with connect(conninfo) as own:
            _ = append_bulk(own, [event], NOBODY) if bulk else log.append(own, [event], NOBODY)

    waiting = b"SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND classid = 1163281490 AND objid = 1"
    before, writer = fence.drawn(connection), Thread(target=write)
    with connect(conninfo) as barrier:
        barrier.execute("SELECT pg_advisory_lock(1163281490, 1)")
        writer.start()
        while not connection.execute(waiting).fetchall():
            assert writer.is_alive()
        assert fence.drawn(connection) == before
    writer.join()
    assert fence.horizon(connection) == before + 1


@pytest.mark.parametrize("wanted", [5_000, pytest.param(200_000, marks=pytest.mark.full)])
def test_writers_that_commit_late_roll_back_or_die_hide_nothing_from_a_tailing_reader(
    conninfo: str, connection: Connection, wanted: int
) -> None:
    writers, done = 4, Signal()
    start = fence.drawn(connection)
    seen: list[int] = []

    def events(count: int) -> list[log.NewEvent]:
        return [log.NewEvent(CustomerId(uuid4()), "lead", uuid4(), 1, captured()) for _ in range(count)]

    def write(seed: int) -> None:
        chance, left = random.Random(seed), wanted // writers
        while left > 0:
            count = chance.choice([1, 1, 2, 10, 50, 500])

            def append(own: Connection, count: int = count) -> None:
                _ = append_bulk(own, events(count), NOBODY) if count > 10 else log.append(own, events(count), NOBODY)

            with connect(conninfo) as own:
                match chance.choice(["at once", "at once", "late", "rolls back", "dies"]):
                    case "at once":
                        append(own)
                        left -= count
                    case "late":
                        with own.transaction():
                            append(own)
                            own.execute("SELECT pg_sleep(%s)", [chance.uniform(0, 0.01)])
                        left -= count
                    case "rolls back":
                        with own.transaction(force_rollback=True):
                            append(own)
                    case _:
                        own.execute("BEGIN")
                        append(own)
                        own.close()

    def read() -> None:
        with connect(conninfo) as own:
            after = start
            while True:
                finishing = done.is_set()
                head = fence.horizon(own)
                while found := log.read(own, after=after, horizon=head, limit=1_000):
                    seen.extend(event.position for event in found)
                    after = found[-1].position
                after = head
                if finishing:
                    return

    reader = Thread(target=read)
    threads = [Thread(target=write, args=[seed]) for seed in range(writers)]
    for thread in (reader, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    reader.join()
    committed = connection.execute(
        "SELECT position FROM log.event WHERE position > %s ORDER BY position", [start]
    ).fetchall()
    assert len(committed) >= wanted
    assert len(committed) < fence.drawn(connection) - start, "nobody rolled back"
    assert seen == [row["position"] for row in committed]
