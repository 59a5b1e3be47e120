"""Whatever happened to customers: rows that followed it are those of one replay, and say what the rules know."""

from typing import get_args
from uuid import UUID, uuid4

from hypothesis import HealthCheck, assume, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.customer import (
    Customer,
    CustomerEvent,
    CustomerPurchaseRefunded,
    CustomerSubscriptionStarted,
    allows,
)
from domain.customer.subscription import SubscriptionRecord
from domain.event import Event, Forgotten
from domain.merge import MergeEvent
from domain.undo import EventsUndone
from eventstore.database import Connection
from eventstore.fence import horizon
from projections.read_models import read_models
from projections.reading import Row
from replay.follow import advance
from tests.domain.customers import any_customer_event, fold
from tests.domain.histories import IDS, any_lead_event, examples_of
from tests.domain.tickets import any_ticket_event
from tests.projections.customer_facts import happened, rows
from tests.projections.records import is_its_replay

MODELS = ("contact_person", "customer_360", "customer_alias", "relation")
any_merge_event = st.one_of([examples_of(event) for event in get_args(MergeEvent)])
happenings = st.tuples(
    st.sampled_from(IDS),
    any_customer_event.map(lambda event: ("customer", event))
    | any_merge_event.map(lambda event: ("customer", event))
    | any_lead_event.map(lambda event: ("lead", event))
    | any_ticket_event.map(lambda event: ("ticket", event)),
)
often = settings(deadline=None, suppress_health_check=list(HealthCheck))
"""All examples of a property share a database: each has customers of its own, so merges stay among them."""


def record_of(noun: str, customer_id: UUID) -> UUID:
    """The customer's one lead or ticket."""
    return customer_id if noun == "customer" else UUID(int=customer_id.int ^ (1 if noun == "lead" else 2) << 64)


@for_all(st.lists(happenings, min_size=1, max_size=14), st.sets(st.integers(0, 13)))
@settings(often, max_examples=settings().max_examples // 4)
def test_following_in_any_batches_gives_what_one_replay_gives(
    shared: Connection, history: list[tuple[UUID, tuple[str, Event]]], cuts: set[int]
) -> None:
    for number, (customer_id, (noun, event)) in enumerate(history):
        happened(shared, customer_id, event, noun=noun, stream_id=record_of(noun, customer_id))
        if number in cuts:
            for model in MODELS:
                advance(shared, read_models()[model], horizon(shared))
    assert all(is_its_replay(shared, model) for model in MODELS)


@for_all(st.lists(any_customer_event, min_size=1, max_size=14))
@settings(often, max_examples=settings().max_examples // 3)
def test_the_rows_of_an_unmerged_customer_say_what_the_rules_know(
    shared: Connection, events: list[CustomerEvent]
) -> None:
    told = [event for event in events if is_plain(event)]
    assume(told)
    customer_id = uuid4()
    happened(shared, customer_id, *told)
    known = fold(told)
    found = rows(shared, "customer_360", customer_id)
    if found:
        assert found[0]["status"].replace("won_back", "active") == status(known)
        assert set(found[0]["tags"]) == known.tags
        held = {name for name, value in known.custom_fields.items() if not isinstance(value, Forgotten)}
        assert held <= set(found[0]["custom_fields"])
    points = {row["point_id"]: row for row in rows(shared, "contact_point", customer_id)}
    assert {key: (row["kind"], row["is_primary"], row["person_id"]) for key, row in points.items()} == {
        key: (point.kind, point.primary, point.person_id) for key, point in known.contact_points.items()
    }
    people = rows(shared, "contact_person", customer_id)
    assert {row["person_id"] for row in people if row["removed_at"] is None} == known.people
    ties = rows(shared, "relation", customer_id)
    assert {(row["other_id"], row["kind"]): row["valid_from"] for row in ties if row["ended_at"] is None} == dict(
        known.relations
    )
    assert {tie(row): row["is_allowed"] for row in rows(shared, "consent", customer_id) if row["purpose"]} == {
        (person_id, channel, purpose): allows(known, channel, purpose, person_id)
        for person_id, channel, purpose in known.outreach.consents
    }


def is_plain(event: CustomerEvent) -> bool:
    """Not about merges or what was undone; nor about something bought of which the beginning may be missing."""
    if isinstance(event, MergeEvent | CustomerPurchaseRefunded | EventsUndone):
        return False
    return not isinstance(event, SubscriptionRecord) or isinstance(event, CustomerSubscriptionStarted)


def status(customer: Customer) -> str:
    if customer.is_forgotten:
        return "forgotten"
    return "archived" if customer.is_archived else customer.status


def tie(row: Row) -> tuple[UUID | None, str, str]:
    return row["person_id"], row["channel"], row["purpose"]
