"""Rebuilds go chunk by chunk, survive whatever ends them, and do what they are asked to."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from eventstore.database import Connection, connect
from projections.read_models import ReadModel, read_models
from replay import follow, progress, rebuild, together
from replay.differences import Report
from replay.progress import Progress, Stopped, Tell
from replay.scratch import drop_leftovers
from replay.verification import verify
from tests.facts import captured, given
from tests.replay.histories import Company
from tests.waiting import comes

LEAD = read_models()["lead"]
EVERY = list(read_models().values())
STACKED = read_models()["customer_360"]


@pytest.fixture
def company(connection: Connection) -> Company:
    """Customers with leads and calls, of whom two were merged; a lead that was misfiled, and one event undone."""
    company = Company(connection)
    company.begin()
    for step in (
        [("call", number % 4, 0) for number in range(12)]
        + [("qualify", 0, 0), ("qualify", 1, 0), ("undo", 0, 0)]
        + [("merge", 0, 1), ("move", 2, 3), ("merge", 2, 1)]
    ):
        company.take(*step)
    follow.catch_up(connection)
    return company


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chunk for every two events, where the keys allow it."""
    monkeypatch.setattr(rebuild, "_CHUNK", 2)


@pytest.mark.usefixtures("company", "small_chunks")
@pytest.mark.parametrize("model", EVERY, ids=lambda model: str(model.name))
def test_chunk_by_chunk_the_rows_are_the_same(connection: Connection, model: ReadModel) -> None:
    assert rebuild.rebuild(connection, model).differing == 0
    assert verify(connection, model).differing == 0


class Killed(Exception):
    """Stands for the end of the process: nothing of ours runs any more."""


def dying(lives: int, told: list[Progress] | None = None) -> Tell:
    """Ends it when it has told of its progress so many times, of which it keeps a list."""
    told = [] if told is None else told

    def tell(now: Progress) -> None:
        told.append(now)
        if len(told) > lives:
            raise Killed

    return tell


@pytest.mark.usefixtures("company", "small_chunks")
@pytest.mark.parametrize(
    "model", [LEAD, pytest.param(STACKED, marks=pytest.mark.full)], ids=lambda model: str(model.name)
)
def test_killed_at_any_point_it_goes_on_where_it_was(connection: Connection, model: ReadModel) -> None:
    told: list[Progress] = []
    rebuild.rebuild(connection, model, told.append)
    assert len(told) > 6
    for lives in range(len(told)):
        with pytest.raises(Killed):
            rebuild.rebuild(connection, model, dying(lives))
        report = rebuild.resume(connection, model)
        assert report is not None
        assert report.differing == 0
        assert progress.under_way(connection) == []
    assert verify(connection, model).differing == 0


@pytest.mark.usefixtures("company", "small_chunks")
def test_a_chunk_that_was_done_is_not_done_again(connection: Connection) -> None:
    told: list[Progress] = []
    rebuild.rebuild(connection, LEAD, told.append)
    again: list[Progress] = []
    with pytest.raises(Killed):
        rebuild.rebuild(connection, LEAD, dying(2, again))
    rebuild.resume(connection, LEAD, again.append)
    done = [now.events_done for now in again]
    assert done == sorted(done)
    assert 0 < done[2] < done[-1]
    assert sorted(set(done)) == sorted({now.events_done for now in told})


@pytest.mark.usefixtures("company", "small_chunks")
def test_it_pauses_when_it_is_asked_to_and_goes_on(conninfo: str, connection: Connection) -> None:
    asked: list[str] = []

    def ask(now: Progress) -> None:
        if now.events_done and not asked:
            with connect(conninfo) as other:
                asked.extend(progress.ask(other, ["lead"], "pause"))

    with pytest.raises(Stopped):
        rebuild.rebuild(connection, LEAD, ask)
    (left,) = progress.under_way(connection)
    assert (left.read_model, left.wanted) == ("lead", "pause")
    assert 0 < left.events_done < left.events
    given(connection, captured())
    assert progress.ask(connection, ["lead", "ticket"], "run") == ["lead"]
    report = rebuild.resume(connection, LEAD)
    assert report is not None
    assert report.differing == 0
    assert rebuild.resume(connection, LEAD) is None


@pytest.mark.usefixtures("company", "small_chunks")
def test_cancelled_it_leaves_nothing_behind(conninfo: str, connection: Connection) -> None:
    def ask(now: Progress) -> None:
        if now.events_done:
            with connect(conninfo) as other:
                progress.ask(other, ["lead"], "cancel")

    with pytest.raises(Stopped):
        rebuild.rebuild(connection, LEAD, ask)
    assert progress.under_way(connection) == []
    assert connection.execute("SELECT to_regnamespace('rebuild_lead') AS there").fetchone() == {"there": None}
    assert verify(connection, LEAD).differing == 0


@pytest.mark.usefixtures("company", "small_chunks")
def test_what_was_killed_is_cancelled_from_elsewhere(connection: Connection) -> None:
    with pytest.raises(Killed):
        rebuild.rebuild(connection, LEAD, dying(2))
    assert rebuild.cancel(connection, "lead")
    assert not rebuild.cancel(connection, "lead")
    assert connection.execute("SELECT to_regnamespace('rebuild_lead') AS there").fetchone() == {"there": None}


@pytest.mark.usefixtures("company", "small_chunks")
def test_forgetting_somebody_drops_what_is_half_built_and_it_begins_anew(connection: Connection) -> None:
    with pytest.raises(Killed):
        rebuild.rebuild(connection, LEAD, dying(2))
    assert drop_leftovers(connection) == ["rebuild_lead"]
    (left,) = progress.under_way(connection)
    assert (left.phase, left.read_model) == ("waiting", "lead")
    report = rebuild.resume(connection, LEAD)
    assert report is not None
    assert report.differing == 0


@pytest.mark.usefixtures("company", "small_chunks")
def test_what_is_appended_meanwhile_is_in_it(conninfo: str, connection: Connection) -> None:
    def write(_: Progress) -> None:
        with connect(conninfo) as other:
            given(other, captured())

    assert rebuild.rebuild(connection, LEAD, write).differing == 0
    assert verify(connection, LEAD).differing == 0


@pytest.mark.usefixtures("company", "small_chunks")
def test_several_are_done_at_once_and_in_the_order_asked_for(conninfo: str) -> None:
    outcome = together.replay_together(lambda: connect(conninfo), EVERY, lambda _: None, at_once=3)
    assert [report.read_model for report in outcome.reports] == [model.name for model in EVERY]
    assert [report.differing for report in outcome.reports] == [0] * len(EVERY)
    assert outcome.stopped == []


@pytest.mark.usefixtures("company", "small_chunks")
def test_one_that_fails_leaves_the_others_to_be_gone_on_with(conninfo: str, connection: Connection) -> None:
    def die(now: Progress) -> None:
        if now.read_model == "customer_360" and now.events_done:
            raise Killed

    with pytest.raises(Killed):
        together.replay_together(lambda: connect(conninfo), EVERY, die, at_once=1)
    left = {each.read_model for each in progress.under_way(connection)}
    assert "customer_360" in left
    outcome = together.resume_together(lambda: connect(conninfo), lambda _: None, at_once=2)
    assert {report.read_model for report in outcome.reports} == left
    assert progress.under_way(connection) == []


def test_a_plan_tells_what_is_read_and_goes_by_the_last_time(connection: Connection) -> None:
    for _ in range(3):
        given(connection, captured())
    head = follow.catch_up(connection)
    counts = progress.count_types(connection, head)
    (before,) = progress.plan(connection, [LEAD], counts)
    assert before.events == 3
    rebuild.rebuild(connection, LEAD)
    (after,) = progress.plan(connection, [LEAD], counts)
    assert after.seconds > before.seconds > 0


def test_an_analyst_who_reads_at_length_holds_up_the_swap_and_nobody_else(
    conninfo: str, connection: Connection
) -> None:
    given(connection, captured())
    follow.catch_up(connection)

    def replayed() -> Report:
        with connect(conninfo) as own:
            return rebuild.rebuild(own, LEAD)

    with ThreadPoolExecutor() as pool, connect(conninfo) as analyst, connect(conninfo) as other:
        with analyst.transaction():
            analyst.execute("SELECT count(*) FROM public.lead")
            swapped = pool.submit(replayed)
            waiting = "SELECT FROM pg_locks WHERE NOT granted AND relation = 'public.lead'::regclass"
            assert comes(lambda: connection.execute(waiting).fetchone() is not None)
            # shorter than the analyst reads: whoever queued behind the swap would not get through
            other.execute("SET statement_timeout = '5s'")
            for _ in range(20):
                other.execute("SELECT count(*) FROM public.lead")
                given(other, captured())
                follow.catch_up(other)
            assert not swapped.done()
        assert swapped.result().differing == 0
    assert verify(connection, LEAD).differing == 0
