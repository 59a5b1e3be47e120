"""Live rows wound back to a position are what a replay up to there gives, whatever has happened since."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import partial
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.event import Event
from domain.lead import LeadQualified, LeadRetitled
from eventstore.database import Connection, connect, query
from eventstore.fence import horizon
from projections.read_models import ReadModel, read_models
from replay import asof, follow, rebuild, rewind, swap, versions
from replay.differences import compare
from replay.fold import create_table, fill, touched
from replay.parked import count_parked, insert_or_park
from replay.together import share_out
from tests.facts import captured, given
from tests.projections.records import forget, hour, merged, registered, tell, undone, unmerged
from tests.projections.test_customer_histories import happenings, record_of
from tests.replay.histories import STEPS, Company, Step
from tests.replay.own import DIVIDED, TENFOLD, lead_count
from tests.replay.test_parked import more, worth

EVERY = list(read_models().values())
seldom = settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])


@contextmanager
def both(connection: Connection, model: ReadModel, position: int) -> Iterator[bool]:
    """The tables of a position in two schemas: `whole`, folded, and `wound`, where that could be done."""
    with connection.transaction(force_rollback=True):
        for schema in ("whole", "wound"):
            connection.execute(f"CREATE SCHEMA {schema}".encode())
            create_table(connection, model, schema)
        fill(connection, model, "whole", position, insert_or_park)
        yield rewind.rewind(connection, model, "wound", position, insert_or_park)


def differing(connection: Connection, position: int, models: Collection[ReadModel] = EVERY) -> int:
    """In how many rows the two differ; all can be wound back."""
    found = 0
    for model in models:
        with both(connection, model, position) as is_wound:
            assert is_wound
            found += compare(connection, model, "whole", "wound")[0]
            assert count_parked(connection, model, "whole") == count_parked(connection, model, "wound")
    return found


@for_all(steps=STEPS, data=st.data())
@seldom
def test_whatever_changes_hands_can_be_wound_back(
    connection: Connection, steps: list[Step], data: st.DataObject
) -> None:
    company = Company(connection)
    company.begin()
    begun = horizon(connection)
    for step in steps:
        company.take(*step)
        if step[0] == "follow":
            follow.catch_up(connection)
    live = follow.catch_up(connection)
    assert differing(connection, data.draw(st.integers(max(begun, live // 2 + 1), live))) == 0


@for_all(history=st.lists(happenings, min_size=4, max_size=20), at=st.floats(0, 1))
@seldom
def test_whatever_happens_can_be_wound_back(
    connection: Connection, history: list[tuple[UUID, tuple[str, Event]]], at: float
) -> None:
    begun = horizon(connection)
    for number, (customer_id, (noun, event)) in enumerate(history):
        moments = [hour(number) if number % 3 else None]
        tell(connection, customer_id, event, noun=noun, stream_id=record_of(noun, customer_id), at=moments)
    live = follow.catch_up(connection)
    assert differing(connection, max(live // 2 + 1, begun + round(at * (live - begun)))) == 0


def changing_hands(connection: Connection) -> list[int]:
    """The positions between a merge, what is undone, a parting, and an erasure; all is followed."""
    ann, bob, eve = (registered(connection, name) for name in ("Ann", "Bob", "Eve"))
    lead_id, _ = given(connection, captured("Roof"), LeadQualified(), customer_id=ann)
    given(connection, captured("Cellar"), customer_id=eve)
    follow.catch_up(connection)
    positions = [horizon(connection)]
    merge_id = merged(connection, "customer", ann, bob)
    positions.append(horizon(connection))
    undone(connection, "lead", lead_id, 2)
    positions.append(horizon(connection))
    unmerged(connection, "customer", merge_id, ann, bob)
    positions.append(horizon(connection))
    forget(connection, eve)
    positions.append(follow.catch_up(connection))
    return positions


def test_merges_and_what_was_undone_and_forgotten_are_wound_back(connection: Connection) -> None:
    assert [differing(connection, position) for position in changing_hands(connection)] == [0] * 5


def nothing_is_touched(planting: pytest.MonkeyPatch) -> None:
    """All live rows are taken for those of then."""
    planting.setattr(rewind, "touched", lambda connection, model, after, upto: [set() for _ in model.folds])


def others_histories_are_not(planting: pytest.MonkeyPatch) -> None:
    """It does not look for what lies in another's history by now."""
    whole = query
    own = "SELECT customer_id AS key FROM log.event WHERE position > %(after)s AND position <= %(horizon)s"
    plain = {"moved": "SELECT NULL::uuid AS key WHERE false", "touched_roots": own}
    planting.setattr("replay.fold.query", lambda package, name: plain.get(name) or whole(package, name))


def later_folds_hear_of_new_rows_alone(planting: pytest.MonkeyPatch) -> None:
    """Whom a row of now belonged to is not passed on."""
    planting.setattr(rewind, "_live_rows", lambda *_: [])


@pytest.mark.parametrize(
    "plant",
    [
        nothing_is_touched,
        pytest.param(others_histories_are_not, marks=pytest.mark.full),
        pytest.param(later_folds_hear_of_new_rows_alone, marks=pytest.mark.full),
    ],
)
def test_whoever_winds_back_wrongly_is_found_out(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, plant: object
) -> None:
    positions = changing_hands(connection)
    assert callable(plant)
    with monkeypatch.context() as planting:
        plant(planting)
        assert sum(differing(connection, position) for position in positions) > 0


@pytest.fixture
def own(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> ReadModel:
    """A model of which one lead's value can make the fold fail, alone and followed."""
    model = lead_count(DIVIDED)
    for module in (versions, rebuild, swap):
        monkeypatch.setattr(module, "read_models", lambda: {model.name: model})
    rebuild.prepare(connection)
    return model


def test_what_is_set_apart_is_so_at_a_past_position_too(connection: Connection, own: ReadModel) -> None:
    first, second = (given(connection, captured(), worth(3)) for _ in range(2))
    positions = [horizon(connection)]
    more(connection, first, worth(0))
    positions.append(horizon(connection))
    more(connection, second, worth(0), LeadRetitled(title="Roof"))
    positions.append(follow.catch_up(connection))
    assert [differing(connection, position, [own]) for position in positions] == [0, 0, 0]
    with both(connection, own, positions[1]):
        assert count_parked(connection, own, "wound") == 1


def test_what_is_not_to_be_had_from_live_rows_is_folded(connection: Connection, own: ReadModel) -> None:
    given(connection, captured())
    half = horizon(connection)
    for _ in range(half + 1):
        given(connection, captured())
    live = follow.catch_up(connection)
    asked = [(own, live), (own, half), (own, live + 1), (lead_count(TENFOLD), live)]
    made = []
    for model, position in asked:
        with both(connection, model, position) as is_wound:
            made.append(is_wound)
    assert made == [True, False, False, False]
    for model, position in asked:
        connection.execute("CREATE SCHEMA made")
        rewind.make(connection, model, "made", position)
        with connection.transaction(force_rollback=True):
            connection.execute("CREATE SCHEMA whole")
            create_table(connection, model, "whole")
            fill(connection, model, "whole", position, insert_or_park)
            assert compare(connection, model, "whole", "made")[0] == 0
        connection.execute("DROP SCHEMA made CASCADE")


def test_live_rows_that_go_on_meanwhile_are_not_taken_for_the_past(
    conninfo: str, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A follower that comes as far only when the schema is begun, and further while its rows are looked at."""
    lead = read_models()["lead"]
    follow.catch_up(connection)
    lead_id, customer_id = given(connection, captured("Ten seats"))
    position = horizon(connection)

    with connect(conninfo) as other:

        def begun(opened: Connection, model: ReadModel, schema: str) -> None:
            create_table(opened, model, schema)
            follow.catch_up(other)

        def looked_at(opened: Connection, model: ReadModel, after: int, upto: int) -> list[set[UUID]]:
            found = touched(opened, model, after, upto)
            retitled = LeadRetitled(title="Roof")
            given(other, retitled, lead_id=lead_id, customer_id=customer_id, version=None)
            follow.catch_up(other)
            return found

        monkeypatch.setattr(rewind, "create_table", begun)
        monkeypatch.setattr(rewind, "touched", looked_at)
        for schema in ("before", "after"):  # the live rows have come as far as that, at first not and then they have
            connection.execute(f"CREATE SCHEMA {schema}".encode())
            rewind.make(connection, lead, schema, position)
            assert [row["title"] for row in connection.execute(f"SELECT title FROM {schema}.lead".encode())] == [
                "Ten seats"
            ]


def test_tables_that_were_begun_before_are_made_again(connection: Connection, own: ReadModel) -> None:
    given(connection, captured())
    live = follow.catch_up(connection)
    connection.execute("CREATE SCHEMA made")
    connection.execute("CREATE TABLE made.lead_count (left_over text)")
    rewind.make(connection, own, "made", live)
    assert compare(connection, own, "public", "made")[0] == 0
    keys = "SELECT count(*) AS keys FROM pg_index WHERE indrelid = 'made.lead_count'::regclass AND indisprimary"
    assert connection.execute(keys).fetchone() == {"keys": 1}


@pytest.mark.parametrize("hands", [1, 2])
def test_two_hands_make_what_one_does(conninfo: str, connection: Connection, hands: int) -> None:
    changing_hands(connection)
    beside = partial(connect, conninfo) if hands == 2 else None
    past = asof.known_at(connection, horizon(connection), EVERY, beside=beside)
    assert past.models == tuple(sorted(read_models()))
    assert sum(compare(connection, model, "public", past.schema)[0] for model in EVERY) == 0


def test_after_an_error_nothing_more_is_begun(conninfo: str, connection: Connection) -> None:
    begun: list[str] = []

    def fail(_: Connection, model: ReadModel) -> None:
        begun.append(model.name)
        raise IndexError(model.name)

    with pytest.raises(IndexError), connect(conninfo) as second:
        share_out([connection, second], EVERY, fail)
    assert 1 <= len(begun) <= 2
    assert begun[0] == max(EVERY, key=lambda model: len(model.folds) * len(model.types)).name
