"""What an event touched: given what happened before, then exactly these fields, before and after."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import get_args
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import to_json

from domain.changes import Change, FieldHistory
from domain.contact_point import ContactPoint
from domain.custom_field import TextValue
from domain.customer import (
    CustomerCampaignResponded,
    CustomerClassified,
    CustomerConsentGranted,
    CustomerContactPointAdded,
    CustomerContactPointRemoved,
    CustomerEvent,
    CustomerRegistered,
    CustomerRenamed,
    CustomerSubscriptionRenewed,
    CustomerSubscriptionStarted,
    CustomerSurveyAnswered,
    CustomerTagged,
    CustomerUntagged,
)
from domain.differences import differences
from domain.event import FORGOTTEN, Event
from domain.field_value import CustomFieldRecorded
from domain.follow_up import FollowUpCompleted, FollowUpRescheduled, FollowUpScheduled
from domain.growing_map import GrowingMap
from domain.interaction import InteractionCorrected, InteractionLogged
from domain.lead import (
    LeadLost,
    LeadMovedToStage,
    LeadProductAdded,
    LeadProductRemoved,
    LeadProductRepriced,
    LeadProposalSent,
    LeadRetitled,
    LeadWon,
)
from domain.reversal import EVOLVE
from domain.ticket import TicketOpened, TicketRated, TicketReplied
from domain.undo import EventsUndone
from eventstore import codec
from tests.domain.histories import HUNDRED, any_lead_event, examples_of, patient
from tests.facts import captured
from tests.stored_events import releases, rows

ONE, TWO = UUID(int=1), UUID(int=2)
ANN = CustomerRegistered(kind="person", name="Ann")
DUE, LATER = datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC)
CALL = InteractionLogged(interaction_id=ONE, kind="call", summary="Wants a roof", outcome="Calls again")
TASK = FollowUpScheduled(task_id=ONE, what="Call her", due_at=DUE)
MAIL = CustomerContactPointAdded(
    point_id=ONE, kind="email", value=ContactPoint(kind="email", as_written="ann@example.org"), label="home"
)
PLAN = CustomerSubscriptionStarted(
    subscription_id=ONE, plan="gold", mrr=HUNDRED, effective_on=date(2026, 3, 2), term_months=12
)
POINT, CALLED, DONE = f"contact_points[{ONE}]", f"interactions[{ONE}]", f"follow_ups[{ONE}]"
ADDED = LeadProductAdded(product_id="seat", quantity=Decimal(1))


def fields(*events: Event, noun: str = "customer") -> FieldHistory:
    history = FieldHistory(noun)
    for event in events:
        history.pass_over(event)
    return history


def touched(*events: Event, noun: str = "customer") -> dict[str, tuple[object, object]]:
    """What the last of the events touches, after the others."""
    changes = fields(*events[:-1], noun=noun).happened(events[-1])
    assert len({change.field for change in changes}) == len(changes), "no field twice"
    return {change.field: (change.before, change.after) for change in changes}


@pytest.mark.parametrize(
    ("events", "then"),
    [
        ([ANN], {"kind": (None, "person"), "name": (None, "Ann")}),
        ([ANN, CustomerRenamed(name="Bea")], {"name": ("Ann", "Bea")}),
        ([ANN, CustomerRenamed(name="Ann")], {}),
        ([ANN, CustomerRenamed(name=FORGOTTEN)], {"name": ("Ann", FORGOTTEN)}),
        (
            [CustomerClassified(segment="big", tier="A"), CustomerClassified(segment="small")],
            {"segment": ("big", "small"), "tier": ("A", None)},
        ),
        ([ANN, CustomerTagged(tag="vip")], {"tags": (None, "vip")}),
        ([CustomerTagged(tag="vip"), CustomerUntagged(tag="vip")], {"tags": ("vip", None)}),
        ([TASK, FollowUpRescheduled(task_id=ONE, due_at=LATER)], {f"{DONE}.due_at": (DUE, LATER)}),
        (
            [TASK, FollowUpCompleted(task_id=ONE, outcome="Sold")],
            {DONE: ("scheduled", "done"), f"{DONE}.outcome": (None, "Sold")},
        ),
        (
            [CALL, InteractionCorrected(interaction_id=ONE, kind="call", summary="Wants a wall")],
            {f"{CALLED}.summary": ("Wants a roof", "Wants a wall"), f"{CALLED}.outcome": ("Calls again", None)},
        ),
        (
            [MAIL, CustomerContactPointRemoved(point_id=ONE)],
            {
                f"{POINT}.kind": ("email", None),
                f"{POINT}.value": (MAIL.value, None),
                f"{POINT}.primary": (True, None),
            },
        ),
        ([PLAN, CustomerSubscriptionRenewed(subscription_id=ONE, effective_on=date(2026, 3, 2))], {}),
        (
            [CustomerSurveyAnswered(survey="nps", score=3), CustomerSurveyAnswered(survey="nps", score=9)],
            {"surveys[nps].score": (3, 9)},
        ),
        (
            [CustomerConsentGranted(channel="email", purpose="news", source="form")],
            {
                "consents[-, email, news].granted": (None, True),
                "consents[-, email, news].source": (None, "form"),
            },
        ),
        (
            [CustomerCampaignResponded(campaign_id=ONE, response="Yes"), CustomerCampaignResponded(campaign_id=TWO)],
            {"campaign_id": (None, TWO)},
        ),
        (
            [
                CustomFieldRecorded(field_id="diet", field_version=1, personal_value=TextValue(value="vegan")),
                CustomFieldRecorded(field_id="diet", field_version=1),
            ],
            {"custom_fields[diet]": (TextValue(value="vegan"), None)},
        ),
    ],
    ids=lambda value: type(value[-1]).__name__ if isinstance(value, list) else "",
)
def test_an_event_touches_these_fields_of_a_customer(
    events: Sequence[Event], then: dict[str, tuple[object, object]]
) -> None:
    assert touched(*events) == then


@pytest.mark.parametrize(
    ("noun", "events", "then"),
    [
        ("lead", [captured(), LeadRetitled(title="Wall")], {"title": ("Ten seats", "Wall")}),
        (
            "lead",
            [
                captured(),
                LeadMovedToStage(
                    from_stage="new", to_stage="won", pipeline="default", pipeline_version=1, probability=Decimal(1)
                ),
            ],
            {"stage": ("new", "won"), "probability": (Decimal("0.1"), Decimal(1))},
        ),
        ("lead", [captured(), LeadWon(value=HUNDRED)], {"status": ("open", "won"), "value": (None, HUNDRED)}),
        ("lead", [captured(), LeadLost(reason="price")], {"status": ("open", "lost")}),
        (
            "lead",
            [ADDED, LeadProductRepriced(product_id="seat", quantity=Decimal(2))],
            {"products[seat].quantity": (1, 2)},
        ),
        ("lead", [ADDED, LeadProductRemoved(product_id="seat")], {"products": ("seat", None)}),
        ("lead", [LeadProposalSent(value=HUNDRED), LeadProposalSent(value=HUNDRED)], {"value": (None, HUNDRED)}),
        ("ticket", [TicketRated(csat=2), TicketRated(csat=5)], {"rating.csat": (2, 5)}),
        (
            "ticket",
            [TicketOpened(subject="No heat"), TicketReplied(author="customer", body="Please", public=True)],
            {"author": (None, "customer"), "body": (None, "Please"), "public": (None, True)},
        ),
    ],
    ids=lambda value: type(value[-1]).__name__ if isinstance(value, list) else "",
)
def test_an_event_touches_these_fields_of_a_lead_or_ticket(
    noun: str, events: Sequence[Event], then: dict[str, tuple[object, object]]
) -> None:
    found = touched(*events, noun=noun)
    assert {name: found.get(name) for name in then} == then
    assert found.keys() - then.keys() <= {"awaits", "message_ids", "was_solved"}


def test_an_event_of_an_unknown_type_touches_nothing() -> None:
    history = fields(ANN)
    assert history.happened(codec.UnknownEvent.model_validate({"name": "Bea"})) == []
    assert [change.before for change in history.happened(CustomerRenamed(name="Cleo"))] == ["Ann"]


def texts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for one in value.values():
            yield from texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)
    elif isinstance(value, str) and len(value) > 8 and value != "reference":
        yield value


def test_what_is_personal_in_an_event_is_marked_so_in_every_field_and_stands_in_no_path() -> None:
    seen = 0
    for row in (row for path in releases() for row in rows(path)):
        noun = row.type.partition(".")[0]
        if noun in EVOLVE and row.personal:
            event = codec.join(row.type, row.data, row.personal, had_personal=True)
            history = FieldHistory(noun)
            changes = [*history.happened(event), *history.happened(EventsUndone(versions=(1,)))]
            changes += FieldHistory(noun).changes_to(history) + history.changes_to(FieldHistory(noun))
            open_ = to_json([[one.field] if one.is_personal else list(one) for one in changes]).decode()
            for text in texts(row.personal):
                assert text not in open_, row.type
                seen += 1
    assert seen > 100


def test_every_event_with_fields_of_its_own_touches_something() -> None:
    takes_back = (
        "undone", "reverted", "removed", "untagged", "restored", "retracted", "person_forgotten", "closed",
        "request_withdrawn",
    )  # fmt: skip
    seen = 0
    for row in (row for path in releases() for row in rows(path) if row.case == "all fields"):
        noun = row.type.partition(".")[0]
        if noun not in EVOLVE or row.type.endswith(takes_back):
            continue
        event = codec.join(row.type, row.data, row.personal, had_personal=row.had_personal)
        if row.type not in ("lead.reopened", "customer.won_back", "customer.activated"):
            assert touched(event, noun=noun), row.type
            seen += 1
    assert seen > 60


any_customer_event = st.one_of([examples_of(event) for event in get_args(CustomerEvent)])
FLEETING = {"document", "value", "campaign_id", "message_id", "person_id", "response", "channel"}
COLLECTED = {"tags", "products", "people", "forgotten_people", "merges.absorbed", "contacts"}


def last_values(history: Iterable[Sequence[Change]]) -> None:
    """Fails when a field begins with another value than it ended with before."""
    held: dict[str, object] = {}
    for changes in history:
        for change in changes:
            if change.field not in FLEETING | COLLECTED:
                assert held.get(change.field, change.before) == change.before, change
            held[change.field] = change.after


@settings(patient, max_examples=40)
@given(st.lists(any_lead_event, max_size=10))
def test_whatever_is_recorded_of_a_lead_each_change_follows_on_the_last(events: list[Event]) -> None:
    history = FieldHistory("lead")
    last_values([history.happened(event) for event in events])


@settings(patient, max_examples=40)
@given(st.lists(any_customer_event, max_size=10))
def test_how_many_parts_are_remembered_makes_no_difference(events: list[Event]) -> None:
    past: list[Event] = []

    def earlier(part_id: UUID) -> list[Event]:
        return [one for one in past if one.part_field and getattr(one, one.part_field) == part_id]

    whole, forgetful = FieldHistory("customer", remembers=None), FieldHistory("customer", earlier, remembers=1)
    for event in events:
        assert forgetful.happened(event) == whole.happened(event)
        past.append(event)
    assert whole.changes_to(forgetful, past) == []


@settings(patient, max_examples=40)
@given(st.lists(any_customer_event, max_size=8), st.lists(any_customer_event, max_size=8))
def test_what_differs_is_what_the_events_between_have_changed(first: list[Event], then: list[Event]) -> None:
    before, after = FieldHistory("customer", remembers=None), FieldHistory("customer", remembers=None)
    for event in first:
        before.pass_over(event)
        after.pass_over(event)
    changed = [change.field for event in then for change in after.happened(event)]
    differing = [change.field for change in before.changes_to(after)]
    assert set(differing) <= set(changed)
    assert before.changes_to(before) == []


def test_one_more_entry_among_many_is_found_without_looking_at_the_others() -> None:
    asked = 0

    class Key(int):
        def __hash__(self) -> int:
            nonlocal asked
            asked += 1
            return int(self)

    entries: GrowingMap[int, str] = GrowingMap()
    for number in range(4096):
        entries = entries.with_entry(Key(number), "logged")
    grown = entries.with_entry(Key(4096), "logged")
    asked = 0
    (found,) = differences(entries, grown, "work")
    assert (found.name, found.key, found.after) == ("work", 4096, "logged")
    assert asked < 50
    assert differences(grown, grown.with_entry(Key(7), "logged"), "work") == []
