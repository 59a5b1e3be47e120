"""A follower is woken by whoever appends, loses nothing when it is not, and rests when there is nothing to do."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from eventstore import wake
from eventstore.database import Connection, connect
from eventstore.fence import drawn
from eventstore.wake import Bell
from projections.read_models import read_models
from replay import follow
from replay.follow import Follower, position
from tests.facts import captured, given
from tests.waiting import comes

LONG = 600.0


@contextmanager
def following(conninfo: str) -> Iterator[Follower]:
    follower = Follower(conninfo)
    follower.start()
    try:
        yield follower
    finally:
        follower.stop()


def is_up_to_date(connection: Connection) -> bool:
    return all(position(connection, model) >= drawn(connection) for model in read_models().values())


def test_a_ring_from_another_connection_wakes_it_out_of_a_long_rest(
    conninfo: str, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    rests: list[float] = []

    def rest(opened: Connection, seconds: float) -> None:
        rests.append(seconds)
        wake.wait(opened, LONG if len(rests) == 1 else 0.001)

    monkeypatch.setattr(follow, "wait", rest)
    with following(conninfo):
        assert comes(lambda: len(rests) == 1)
        given(connection, captured())
        Bell().ring(connection)
        assert comes(lambda: is_up_to_date(connection))


def test_without_a_ring_it_looks_on_its_own(conninfo: str, connection: Connection) -> None:
    with following(conninfo):
        given(connection, captured())
        assert comes(lambda: is_up_to_date(connection))


def test_with_nothing_to_do_it_rests_longer_and_longer(conninfo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rests: list[float] = []

    def rest(opened: Connection, seconds: float) -> None:
        rests.append(seconds)
        wake.wait(opened, 0.001)

    monkeypatch.setattr(follow, "wait", rest)
    with following(conninfo):
        assert comes(lambda: len(rests) > 20)
    assert rests[0] < 0.05
    assert max(rests) == rests[20] == follow._LONGEST_PAUSE


def test_many_appends_of_a_moment_ring_once(connection: Connection, conninfo: str) -> None:
    bell = Bell()
    with connect(conninfo) as hearing:
        wake.listen(hearing)
        for _ in range(20):
            bell.ring(connection)
        Bell().ring(connection)  # of another process, and the last one
        heard = list(hearing.notifies(timeout=20, stop_after=2))
    assert len(heard) == 2


def test_it_can_be_left_behind_in_the_middle_of_its_work(conninfo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    busy, released = threading.Event(), threading.Event()

    def catch_up(_: Connection) -> int:
        busy.set()
        released.wait()
        return 0

    monkeypatch.setattr(follow, "catch_up", catch_up)
    monkeypatch.setattr(follow, "_LEAVE_TAKING", 0.01)
    follower = Follower(conninfo)
    follower.start()
    assert busy.wait(20)
    follower.stop()
    assert follower.is_alive()
    released.set()
    follower.join()
