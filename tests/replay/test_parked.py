"""A key that a fold fails on is set apart, as it was before; everything else goes on, live and in a replay alike."""

from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st
from psycopg.errors import UndefinedColumn

from domain.lead import LeadRetitled, LeadValued
from domain.money import Money
from domain.undo import EventsUndone
from eventstore.database import Connection
from replay import follow, parked, rebuild, swap, versions
from replay.verification import retry_parked, verify
from tests.facts import captured, given
from tests.replay.own import DIVIDED, lead_count

MODEL = lead_count(DIVIDED)


def worth(amount: int) -> LeadValued:
    return LeadValued(value=Money(amount=Decimal(amount), currency="EUR"))


@pytest.fixture(autouse=True)
def alone(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model alone, live and followed."""
    for module in (versions, rebuild, swap):
        monkeypatch.setattr(module, "read_models", lambda: {MODEL.name: MODEL})
    rebuild.prepare(connection)


def leads(connection: Connection) -> dict[UUID, int]:
    rows = connection.execute("SELECT customer_id, leads FROM lead_count").fetchall()
    return {row["customer_id"]: row["leads"] for row in rows}


def set_apart(connection: Connection) -> dict[UUID, int | None]:
    return {each.key: each.position for each in parked.parked(connection, ["lead_count"])}


def more(connection: Connection, lead: tuple[UUID, UUID], *events: LeadValued | LeadRetitled | EventsUndone) -> None:
    given(connection, *events, lead_id=lead[0], customer_id=lead[1], version=None)


def test_followed_it_stays_as_it_was_before_and_all_others_go_on(connection: Connection) -> None:
    bad = given(connection, captured(), worth(3))
    follow.catch_up(connection)
    more(connection, bad, worth(4))
    more(connection, bad, worth(0), worth(6))
    _, good = given(connection, captured(), worth(2))
    head = follow.catch_up(connection)
    assert leads(connection) == {bad[1]: 12 + 4 + 3, good: 12 + 6}
    assert set_apart(connection) == {bad[1]: head - 3}
    (row,) = parked.parked(connection, ["lead_count"])
    assert row.error == "DivisionByZero"


def test_a_replay_and_a_verification_do_the_same(connection: Connection) -> None:
    bad = given(connection, captured(), worth(3))
    given(connection, captured(), worth(2))
    more(connection, bad, worth(0))
    follow.catch_up(connection)
    before = set_apart(connection)
    assert len(before) == 1
    report = verify(connection, MODEL)
    assert (report.differing, report.parked) == (0, 1)
    report = rebuild.rebuild(connection, MODEL)
    assert (report.differing, report.parked) == (0, 1)
    assert set_apart(connection) == before


def test_once_the_event_is_undone_the_key_goes_on_by_itself(connection: Connection) -> None:
    bad = given(connection, captured(), worth(3), worth(0))
    follow.catch_up(connection)
    assert set(set_apart(connection)) == {bad[1]}
    more(connection, bad, worth(1))
    follow.catch_up(connection)
    assert leads(connection) == {bad[1]: 16}
    more(connection, bad, EventsUndone(versions=(3,)))
    follow.catch_up(connection)
    assert leads(connection) == {bad[1]: 28}
    assert set_apart(connection) == {}
    row = connection.execute("SELECT has_parked FROM replay.checkpoint WHERE projection = 'lead_count'").fetchone()
    assert row == {"has_parked": False}


def test_a_retry_folds_it_once_more(connection: Connection) -> None:
    connection.execute("ALTER TABLE lead_count ADD CONSTRAINT few CHECK (leads < 20)")
    many = given(connection, captured(), worth(3), worth(2))
    follow.catch_up(connection)
    retry_parked(connection, MODEL)
    (row,) = parked.parked(connection, ["lead_count"])
    assert (row.key, row.error, leads(connection)) == (many[1], "CheckViolation (few)", {many[1]: 16})
    connection.execute("ALTER TABLE lead_count DROP CONSTRAINT few")
    retry_parked(connection, MODEL)
    assert (set_apart(connection), leads(connection)) == ({}, {many[1]: 22})


def test_what_is_no_fault_of_an_event_is_not_hidden(connection: Connection) -> None:
    given(connection, captured())
    connection.execute("ALTER TABLE lead_count RENAME COLUMN leads TO deals")
    with pytest.raises(UndefinedColumn):
        follow.catch_up(connection)
    assert set_apart(connection) == {}


STEPS = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from([0, 1, 2, 3, 4, 6]), st.booleans(), st.booleans()), max_size=12
)


@for_all(steps=STEPS)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_in_any_batches_it_equals_the_replay(connection: Connection, steps: list[tuple[int, int, bool, bool]]) -> None:
    people = [(uuid4(), uuid4()) for _ in range(3)]
    for lead_id, customer_id in people:
        given(connection, captured(), lead_id=lead_id, customer_id=customer_id)
    for who, amount, is_undone, is_followed in steps:
        more(connection, people[who], worth(amount))
        if is_undone:
            row = connection.execute(
                "SELECT max(version) AS version FROM log.event WHERE stream_id = %s", [people[who][0]]
            ).fetchone()
            assert row is not None
            more(connection, people[who], EventsUndone(versions=(row["version"],)))
        if is_followed:
            follow.catch_up(connection)
    follow.catch_up(connection)
    live = set_apart(connection)
    assert verify(connection, MODEL).differing == 0
    assert rebuild.rebuild(connection, MODEL).differing == 0
    assert set_apart(connection) == live
