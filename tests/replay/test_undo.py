"""A read model shows what stands: following, replaying and looking back agree on what was undone, and since when."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.customer import CustomerRegistered
from domain.event import CustomerId, Event
from domain.lead import InteractionLogged, LeadEvent, LeadLost, LeadQualified, LeadValued
from domain.money import Money
from domain.undo import EventsUndone
from eventstore import fence, log
from eventstore.database import Connection
from projections.read_models import FoldHeaderError, ReadModel, parse, read_models
from replay import follow, verification, versions
from replay.fold import create_table, rows_at
from tests.domain.histories import any_lead_event
from tests.facts import NOBODY, captured, given

LEAD = read_models()["lead"]
TEN = LeadValued(value=Money(amount=Decimal(10), currency="EUR"))

CALLS = parse(
    "calls",
    "CREATE TABLE calls (interaction_id uuid PRIMARY KEY, customer_id uuid NOT NULL, kind text)",
    "-- question: Which calls were logged?\n-- key: part_id AS interaction_id\n-- types: lead.interaction_logged\n"
    "SELECT DISTINCT ON (part_id) part_id AS interaction_id, customer_id, data->>'kind' AS kind"
    " FROM history ORDER BY part_id, position DESC",
)
QUALIFIED = parse(
    "qualified",
    "CREATE TABLE qualified (customer_id uuid PRIMARY KEY, leads bigint NOT NULL)",
    "-- question: How many leads of a customer were qualified?\n-- key: customer_id AS customer_id\n"
    "-- types: lead.qualified\nSELECT customer_id, count(*) AS leads FROM history GROUP BY customer_id",
)


@pytest.fixture
def models(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> Sequence[ReadModel]:
    """The read models there are, and two with other keys whose folds name few event types."""
    every = {**read_models(), CALLS.name: CALLS, QUALIFIED.name: QUALIFIED}
    for model in (CALLS, QUALIFIED):
        with connection.transaction():
            create_table(connection, model, "public")
        connection.execute(
            "INSERT INTO replay.checkpoint (projection, definition, position, rebuilt_at)"
            " VALUES (%s, %s, 0, clock_timestamp())",
            [model.name, model.definition],
        )
    monkeypatch.setattr(versions, "read_models", lambda: every)
    return list(every.values())


def table(connection: Connection, name: str) -> list[dict[str, object]]:
    return connection.execute(f"SELECT * FROM {name}".encode()).fetchall()


def undo(connection: Connection, lead_id: UUID, customer_id: UUID, *versions: int) -> None:
    given(connection, EventsUndone(versions=versions), lead_id=lead_id, customer_id=customer_id, version=None)


def must_equal_their_replay(connection: Connection, models: Sequence[ReadModel]) -> None:
    for model in models:
        assert verification.verify(connection, model).differing == 0, model.name


def test_every_model_that_folded_an_event_folds_again_without_it(
    connection: Connection, models: Sequence[ReadModel]
) -> None:
    call = InteractionLogged(interaction_id=uuid4(), kind="call")
    lead_id, customer_id = given(connection, captured(), LeadQualified(), call, TEN, LeadLost(reason="price"))
    follow.catch_up(connection)
    assert (len(table(connection, "calls")), len(table(connection, "qualified"))) == (1, 1)
    undo(connection, lead_id, customer_id, 2, 3, 5)
    follow.catch_up(connection)
    (row,) = table(connection, "lead")
    assert (row["status"], row["qualified_at"], row["amount"], row["version"]) == ("open", None, 10, 6)
    assert (table(connection, "calls"), table(connection, "qualified")) == ([], [])
    assert {interval["status"] for interval in table(connection, "lead_stage_interval")} == {"open"}
    must_equal_their_replay(connection, models)


def test_of_a_lead_of_which_nothing_stands_there_is_no_row_until_it_begins_again(
    connection: Connection, models: Sequence[ReadModel]
) -> None:
    lead_id, customer_id = given(connection, captured(), TEN)
    follow.catch_up(connection)
    undo(connection, lead_id, customer_id, 1, 2)
    follow.catch_up(connection)
    assert (table(connection, "lead"), table(connection, "lead_stage_interval")) == ([], [])
    must_equal_their_replay(connection, models)
    given(connection, captured("Again"), lead_id=lead_id, customer_id=customer_id, version=3)
    follow.catch_up(connection)
    (row,) = table(connection, "lead")
    assert (row["title"], row["version"], row["amount"]) == ("Again", 4, None)
    must_equal_their_replay(connection, models)


def test_a_customer_whose_registration_is_undone_is_not_in_the_list(connection: Connection) -> None:
    customer_id = uuid4()
    for version, event in enumerate((CustomerRegistered(kind="person", name="Ann"), EventsUndone(versions=(1,))), 1):
        new = log.NewEvent(CustomerId(customer_id), "customer", customer_id, version, event)
        log.append(connection, [new], NOBODY)
        follow.catch_up(connection)
        assert len(table(connection, "customer_360")) == (1 if version == 1 else 0)


def test_before_the_undo_the_event_still_counts(connection: Connection) -> None:
    lead_id, customer_id = given(connection, captured(), LeadLost(reason="price"))
    before = fence.horizon(connection)
    undo(connection, lead_id, customer_id, 2)
    (then,), (now,) = (rows_at(connection, LEAD, lead_id, horizon) for horizon in (before, fence.horizon(connection)))
    assert (then["status"], now["status"]) == ("lost", "open")
    assert (then["version"], now["version"]) == (2, 3)
    assert now["last_event_at"] == then["last_event_at"]


def test_a_fold_sees_that_something_was_undone_only_when_it_names_that_event() -> None:
    fold = "-- question: Which?\n-- key: stream_id AS lead_id\n-- types: {}\nSELECT 1"
    assert "lead.events_undone" not in parse("every", "", fold.format("lead.*")).types
    assert "lead.events_undone" in parse("every", "", fold.format("lead.* lead.events_undone")).types
    with pytest.raises(FoldHeaderError):
        parse("every", "", fold.format("lead.*_undone"))


@pytest.mark.full
@for_all(
    first=st.lists(any_lead_event, max_size=5),
    versions=st.sets(st.integers(1, 6), min_size=1),
    then=st.lists(any_lead_event, max_size=2),
)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_undone_following_equals_the_replay(
    connection: Connection,
    models: Sequence[ReadModel],
    first: list[LeadEvent],
    versions: set[int],
    then: list[LeadEvent],
) -> None:
    beginning: list[Event] = [captured(), *first]
    lead_id, customer_id = given(connection, *beginning)
    follow.catch_up(connection)
    undo(connection, lead_id, customer_id, *sorted(versions))
    follow.catch_up(connection)
    must_equal_their_replay(connection, models)
    if then:
        given(connection, *then, lead_id=lead_id, customer_id=customer_id, version=len(beginning) + 1)
        follow.catch_up(connection)
        must_equal_their_replay(connection, models)
