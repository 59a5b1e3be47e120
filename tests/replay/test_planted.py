"""A follower that goes wrong in one of the ways that followers do is found out: by a verification, or at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event as Signal

import pytest

from domain.lead import LeadWon
from eventstore.database import Connection, connect, query
from eventstore.fence import drawn
from projections.read_models import ReadModel, read_models
from replay import follow, roots, verification
from replay.versions import Checkpoint, lock_checkpoint
from tests.facts import captured, given
from tests.replay.histories import Company
from tests.waiting import comes

Plant = Callable[[pytest.MonkeyPatch], None]


def no_fence(planting: pytest.MonkeyPatch) -> None:
    """It reads up to the last position drawn, whoever has not committed yet."""
    planting.setattr(follow, "horizon", drawn)


def a_moved_key_left_behind(planting: pytest.MonkeyPatch) -> None:
    """It does not look for keys that lie in another's history by now."""
    whole = query
    own = "SELECT customer_id AS key FROM log.event WHERE position > %(after)s AND position <= %(horizon)s"
    plain = {"moved": "SELECT NULL::uuid AS key WHERE false", "touched_roots": own}
    planting.setattr("replay.fold.query", lambda package, name: plain.get(name) or whole(package, name))


def stale_aliases(planting: pytest.MonkeyPatch) -> None:
    """It folds by who had been merged with whom at the beginning."""
    current = roots.roots
    planting.setattr("replay.fold.roots", lambda connection, key, horizon, keys: current(connection, key, 0, keys))


def differing(connection: Connection) -> int:
    return sum(verification.verify(connection, model).differing for model in read_models().values())


def changing_hands(connection: Connection) -> None:
    """Merges, a record that goes to another customer, and what is followed in between."""
    company = Company(connection)
    company.begin()
    follow.catch_up(connection)
    for step in [("merge", 0, 1), ("call", 0, 0), ("move", 2, 3), ("qualify", 2, 0), ("part", 0, 0), ("call", 1, 0)]:
        company.take(*step)
        follow.catch_up(connection)


@pytest.mark.parametrize("plant", [a_moved_key_left_behind, stale_aliases])
def test_whoever_changes_hands_wrongly_is_found_out(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, plant: Plant
) -> None:
    with monkeypatch.context() as planting:
        plant(planting)
        changing_hands(connection)
    assert differing(connection) > 0


def test_whoever_minds_them_is_not(connection: Connection) -> None:
    changing_hands(connection)
    assert differing(connection) == 0


@pytest.mark.parametrize("is_fenced", [True, False])
def test_an_event_that_commits_late_is_missed_without_a_fence(
    conninfo: str, connection: Connection, monkeypatch: pytest.MonkeyPatch, is_fenced: bool
) -> None:
    given(connection, captured())
    follow.catch_up(connection)
    if not is_fenced:
        no_fence(monkeypatch)
    with connect(conninfo) as late, connect(conninfo) as own, ThreadPoolExecutor() as pool:
        with late.transaction():
            given(late, captured())
            given(connection, captured())
            followed = pool.submit(follow.catch_up, own)
            waits = "SELECT FROM pg_stat_activity WHERE query LIKE '%%fence_holder%%' AND pid = %s"
            pid = own.info.backend_pid
            assert comes(lambda: followed.done() or connection.execute(waits, [pid]).fetchone() is not None)
        followed.result()
    monkeypatch.undo()
    follow.catch_up(connection)
    assert (differing(connection) == 0) is is_fenced


@pytest.mark.parametrize("is_locked", [True, False])
def test_beside_a_partial_replay_nobody_else_writes(
    conninfo: str, connection: Connection, monkeypatch: pytest.MonkeyPatch, is_locked: bool
) -> None:
    model = read_models()["lead"]
    lead_id, customer_id = given(connection, captured())
    follow.catch_up(connection)
    given(connection, LeadWon(), lead_id=lead_id, customer_id=customer_id, version=1)
    begun, go_on = Signal(), Signal()

    def slow(own: Connection, model: ReadModel) -> Checkpoint | None:
        checkpoint = (
            lock_checkpoint(own, model) if is_locked else Checkpoint(follow.position(own, model), has_parked=False)
        )
        begun.set()
        assert go_on.wait(30)
        return checkpoint

    monkeypatch.setattr(verification, "lock_checkpoint", slow)
    if not is_locked:
        monkeypatch.setattr(verification, "move_checkpoint", lambda *_: None)
    with connect(conninfo) as own, ThreadPoolExecutor() as pool:
        replayed = pool.submit(verification.replay_customer, own, model, customer_id)
        assert begun.wait(30)
        head = drawn(connection)
        assert (follow.advance(connection, model, head, wait=False) is None) is is_locked
        go_on.set()
        replayed.result()
    monkeypatch.undo()
    follow.catch_up(connection)
    assert (differing(connection) == 0) is is_locked
