"""One customer at a moment: what had happened by then is what a log has in which nothing else ever happened."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.customer import CustomerRegistered, CustomerRenamed, CustomerTagged
from domain.event import Event
from domain.interaction import InteractionLogged
from domain.lead import LeadValued
from domain.money import Money
from domain.undo import EventsUndone
from eventstore.database import Connection, connect, migrate
from eventstore.fence import horizon
from replay import rebuild
from replay.recall import table_of
from tests.facts import captured
from tests.projections.records import hour, merged, rows, tell, told
from tests.replay.test_as_if_never import PLACES, TYPES
from tests.replay.test_as_if_never import told as happening

TABLES = (
    "customer_360", "contact_point", "contact_person", "relation", "subscription", "consent", "lead", "ticket",
    "follow_up", "purchase", "interaction", "customer_lifecycle_interval",
)  # fmt: skip
NOUNS = ("customer", "lead", "ticket")


@pytest.fixture(scope="module")
def two(new_database_of_a_module: Callable[[], str]) -> Iterator[tuple[Connection, Connection]]:
    """Two databases that are set up and empty."""
    with connect(new_database_of_a_module()) as one, connect(new_database_of_a_module()) as other:
        for connection in (one, other):
            migrate(connection)
            rebuild.prepare(connection)
        yield one, other


def known(connection: Connection, customer_id: UUID, **at: Any) -> dict[str, list[dict[str, Any]]]:
    """What the tables have of a customer, but for the places in the log."""
    found = {}
    for table in TABLES:
        folded = table_of(connection, table, customer_id, horizon(connection), **at)
        left = [{name: value for name, value in row.items() if name not in PLACES} for row in folded]
        found[table] = sorted(left, key=repr)
    return found


@for_all(
    steps=st.lists(
        st.tuples(st.sampled_from(TYPES).flatmap(happening), st.integers(0, 20), st.none() | st.integers(0, 5)),
        min_size=1,
        max_size=10,
    ),
    by=st.integers(0, 20),
)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_had_happened_by_a_moment_is_a_log_of_that_alone(
    two: tuple[Connection, Connection], steps: list[tuple[tuple[str, int, Event], int, int | None]], by: int
) -> None:
    ids = {noun: uuid4() for noun in NOUNS}
    for (noun, _, event), at, undone in steps:
        for connection, hears in zip(two, (True, at <= by), strict=True):
            if hears and undone is None:
                tell(connection, ids["customer"], event, noun=noun, stream_id=ids[noun], at=[hour(at)])
        if undone is not None:  # it was taken back since, so it never happened
            positions = tell(two[0], ids["customer"], event, noun=noun, stream_id=ids[noun], at=[hour(at)])
            (row,) = two[0].execute("SELECT version FROM log.event WHERE position = %s", positions).fetchall()
            taken_back = EventsUndone(versions=(row["version"],))
            tell(two[0], ids["customer"], taken_back, noun=noun, stream_id=ids[noun], at=[hour(by + undone)])
    one, other = two
    assert known(one, ids["customer"], happened_by=hour(by)) == known(other, ids["customer"])


def test_late_facts_count_from_when_they_happened(connection: Connection) -> None:
    customer_id = told(connection, "customer", CustomerRegistered(kind="person", name="Ann"), at=[hour(0)])[0]
    tell(connection, customer_id, CustomerRenamed(name="Ann Late"), at=[hour(5)])
    tell(connection, customer_id, InteractionLogged(interaction_id=uuid4(), kind="call"), at=[hour(1)])

    def row(number: float) -> dict[str, Any]:
        at = horizon(connection)
        (found,) = table_of(connection, "customer_360", customer_id, at, happened_by=hour(number))
        return found

    assert (row(0)["name"], row(0)["interactions"]) == ("Ann", 0)
    assert (row(2)["name"], row(2)["interactions"]) == ("Ann", 1)
    assert row(5)["name"] == "Ann Late"
    before = hour(0) - timedelta(seconds=1)
    assert table_of(connection, "customer_360", customer_id, horizon(connection), happened_by=before) == []


def test_leads_are_found_by_their_customer_through_merges(connection: Connection) -> None:
    survivor = told(connection, "customer", CustomerRegistered(kind="person", name="Ann"))[0]
    other = told(connection, "customer", CustomerRegistered(kind="person", name="Anne"))[0]
    tell(connection, survivor, captured(), noun="lead", stream_id=(first := uuid4()))
    tell(connection, other, captured(), noun="lead", stream_id=(second := uuid4()))
    before = horizon(connection)
    merged(connection, "customer", other, survivor)

    def leads(position: int) -> set[UUID]:
        return {row["lead_id"] for row in table_of(connection, "lead", survivor, position)}

    assert leads(before) == {first}
    assert leads(horizon(connection)) == {first, second}


def test_the_preview_of_a_merge_is_what_the_merge_comes_to(connection: Connection) -> None:
    names = ("Ann", "Anne", "Anna")
    ann, anne, anna = (told(connection, "customer", CustomerRegistered(kind="person", name=name))[0] for name in names)
    merged(connection, "customer", anna, anne)
    for customer_id, tag in ((ann, "export"), (anne, "reference"), (anna, "press")):
        tell(connection, customer_id, CustomerTagged(tag=tag))
        value = LeadValued(value=Money.model_validate({"amount": 9, "currency": "EUR"}))
        tell(connection, customer_id, captured(), value, noun="lead", stream_id=uuid4())
    at = horizon(connection)
    previews = {table: table_of(connection, table, ann, at, as_if_merged=anne) for table in ("customer_360", "lead")}
    assert previews["customer_360"][0]["tags"] == ["export", "press", "reference"]
    assert len(previews["lead"]) == 3
    merged(connection, "customer", anne, ann)
    (now,) = rows(connection, "customer_360", customer_id=ann)
    assert previews["customer_360"] == [now]
