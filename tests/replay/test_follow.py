"""A follower is woken by whoever appends, loses nothing when it is not, and rests when there is nothing to do."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from eventstore import wake
from eventstore.database import Connection, connect
from eventstore.fence import drawn
from eventstore.wake import Bell
from projections.read_models import ReadModel, read_models
from replay import fold, follow
from replay.follow import Follower, position
from replay.verification import verify
from replay.versions import lock_checkpoint
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


def test_what_another_has_in_hand_is_left_to_it_and_the_rest_is_done(conninfo: str, connection: Connection) -> None:
    given(connection, captured())
    with connect(conninfo) as busy, connect(conninfo) as own, ThreadPoolExecutor() as pool:
        with busy.transaction():
            lock_checkpoint(busy, read_models()["lead"])
            done = pool.submit(follow.catch_up, own)
            others = [model for name, model in read_models().items() if name != "lead"]
            assert comes(lambda: all(position(connection, model) >= drawn(connection) for model in others))
            assert not done.done()
        # the one who had it in hand is gone, and has done nothing
        assert done.result() == drawn(connection)
    assert is_up_to_date(connection)


def test_several_share_the_work_and_do_nothing_twice(
    conninfo: str, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow.catch_up(connection)
    head = drawn(connection)
    begun: list[tuple[str, int]] = []

    def counting(own: Connection, model: ReadModel, schema: str, upto: int, *rest: Any) -> Any:
        begun.append((model.name, upto))
        return fold.refold(own, model, schema, upto, *rest)

    monkeypatch.setattr(follow, "refold", counting)

    def one_of_them(_: int) -> None:
        with connect(conninfo) as own:
            follow.catch_up(own)

    for _ in range(20):
        given(connection, captured())
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one_of_them, range(4)))
    assert is_up_to_date(connection)
    assert drawn(connection) == head + 20
    assert len(begun) == len(set(begun))
    assert all(verify(connection, model).differing == 0 for model in read_models().values())
