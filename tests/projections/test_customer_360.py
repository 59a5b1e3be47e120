"""One row that says what we know of a customer, and the tables it is made from."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.contact_point import ContactPointKind, contact_point
from domain.custom_field import ChoicesValue, FieldValue, TextValue
from domain.customer import (
    CustomerActivated,
    CustomerArchived,
    CustomerChurned,
    CustomerClassified,
    CustomerConsentGranted,
    CustomerConsentWithdrawn,
    CustomerContactPersonAdded,
    CustomerContactPersonRemoved,
    CustomerContactPointAdded,
    CustomerContactPointCorrected,
    CustomerContactPointRemoved,
    CustomerForgotten,
    CustomerMarkedAtRisk,
    CustomerOwnerAssigned,
    CustomerPersonForgotten,
    CustomerPurchaseRecorded,
    CustomerPurchaseRefunded,
    CustomerPurchaseRetracted,
    CustomerRenamed,
    CustomerRestored,
    CustomerSubscriptionCancelled,
    CustomerSubscriptionPaused,
    CustomerSubscriptionResumed,
    CustomerSubscriptionRetracted,
    CustomerSubscriptionStarted,
    CustomerSubscriptionUpgraded,
    CustomerSurveyAnswered,
    CustomerTagged,
    CustomerUnsubscribed,
    CustomerUntagged,
    CustomerWonBack,
)
from domain.event import FORGOTTEN, CustomerId, Event, MemberId
from domain.field_value import CustomFieldRecorded
from domain.follow_up import (
    FollowUpCancelled,
    FollowUpCompleted,
    FollowUpRescheduled,
    FollowUpRetracted,
    FollowUpScheduled,
)
from domain.interaction import InteractionCorrected, InteractionLogged, InteractionRetracted
from domain.lead import LeadDisqualified, LeadLost, LeadRecycled, LeadReopened, LeadWon
from domain.merge import MergedInto, MergeReverted
from domain.money import Money
from domain.reattribution import Reattributed
from domain.ticket import (
    TicketClosed,
    TicketMarkedSpam,
    TicketOpened,
    TicketPutOnHold,
    TicketPutPending,
    TicketRated,
    TicketReopened,
    TicketResumed,
    TicketSolved,
)
from domain.undo import EventsUndone
from eventstore.database import Connection
from tests.facts import captured
from tests.projections.customer_facts import (
    day,
    happened,
    merge,
    registered,
    revert,
    row,
    rows,
)
from tests.projections.records import is_its_replay

OWNER = MemberId(uuid4())
PART, PERSON = uuid4(), uuid4()


def euros(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="EUR")


def field(field_id: str, value: FieldValue | None, **fields: object) -> CustomFieldRecorded:
    return CustomFieldRecorded.model_validate({"field_id": field_id, "field_version": 1, "value": value, **fields})


def granted(channel: str = "email", purpose: str = "news", person_id: UUID | None = None) -> CustomerConsentGranted:
    return CustomerConsentGranted(channel=channel, purpose=purpose, person_id=person_id, text_version="2", proof="form")


def bought(total: str = "100", purchase_id: UUID = PART) -> CustomerPurchaseRecorded:
    return CustomerPurchaseRecorded(purchase_id=purchase_id, total=euros(total))


def started(mrr: str = "50", subscription_id: UUID = PART) -> CustomerSubscriptionStarted:
    return CustomerSubscriptionStarted(
        subscription_id=subscription_id, plan="gold", mrr=euros(mrr), effective_on=date(2026, 3, 1)
    )


def churned(**fields: object) -> CustomerChurned:
    return CustomerChurned.model_validate({"kind": "said", "effective_on": date(2026, 3, 9), **fields})


LATER: dict[str, Any] = {  # Any: fields of several events
    "subscription_id": PART,
    "effective_on": date(2026, 4, 1),
}
LOGGED = InteractionLogged(interaction_id=PART, kind="call")
CORRECTED = InteractionCorrected(interaction_id=PART, kind="email")
PLANNED = FollowUpScheduled(task_id=PART, what="call", due_at=day(9))


KNOWN: list[tuple[list[Event], dict[str, object]]] = [
    ([], {"kind": "person", "name": "Ann Example", "status": "prospect", "since": day(0), "owner_id": None}),
    ([], {"tags": [], "custom_fields": {}, "consents": {}, "mrr": {}, "purchased": {}, "open_leads": 0}),
    ([CustomerRenamed(name="Ann Other")], {"name": "Ann Other"}),
    ([CustomerRenamed(name=FORGOTTEN)], {"name": None}),
    ([CustomerClassified(segment="smb", tier="gold")], {"segment": "smb", "tier": "gold", "industry": None}),
    ([CustomerClassified(industry="steel"), CustomerClassified(size="m")], {"industry": None, "size": "m"}),
    ([CustomerOwnerAssigned(owner_id=OWNER, team="north")], {"owner_id": OWNER, "team": "north"}),
    ([CustomerOwnerAssigned(owner_id=OWNER), CustomerOwnerAssigned()], {"owner_id": None, "team": None}),
    ([CustomerTagged(tag="vip"), CustomerTagged(tag="a")], {"tags": ["a", "vip"]}),
    ([CustomerTagged(tag="vip"), CustomerUntagged(tag="vip")], {"tags": []}),
    ([field("roof", TextValue(value="flat"))], {"custom_fields": {"roof": "flat"}}),
    ([field("roof", ChoicesValue(value=("a", "b")))], {"custom_fields": {"roof": ["a", "b"]}}),
    ([field("roof", TextValue(value="flat")), field("roof", None)], {"custom_fields": {}}),
    ([field("roof", None, personal_value=TextValue(value="x"))], {"custom_fields": {"roof": "x"}}),
    ([field("roof", None, personal_value=FORGOTTEN)], {"custom_fields": {}}),
    ([CustomerActivated()], {"status": "active", "status_since": day(1)}),
    ([CustomerMarkedAtRisk()], {"status": "at_risk"}),
    ([churned()], {"status": "churned"}),
    ([churned(), CustomerWonBack()], {"status": "won_back"}),
    ([CustomerArchived()], {"status": "archived"}),
    ([CustomerArchived(), CustomerRestored()], {"status": "prospect"}),
    ([CustomerForgotten(legal_basis="request")], {"status": "forgotten"}),
    ([bought()], {"status": "active", "purchases": 1, "purchased": {"EUR": "100"}, "last_purchase_at": day(1)}),
    ([bought(), churned(), bought("5", uuid4())], {"status": "churned", "purchased": {"EUR": "105"}}),
    ([bought(), CustomerPurchaseRefunded(purchase_id=PART, amount=euros("30"))], {"purchased": {"EUR": "70"}}),
    (
        [bought(), CustomerPurchaseRetracted(purchase_id=PART)],
        {"status": "prospect", "purchases": 0, "purchased": {}},
    ),
    ([started()], {"status": "active", "subscriptions": 1, "mrr": {"EUR": "50"}}),
    ([started(), CustomerSubscriptionUpgraded(**LATER, plan="gold", mrr=euros("80"))], {"mrr": {"EUR": "80"}}),
    ([started(), started("7", uuid4())], {"subscriptions": 2, "mrr": {"EUR": "57"}}),
    ([started(), CustomerSubscriptionPaused(**LATER)], {"subscriptions": 1, "mrr": {}}),
    ([started(), CustomerSubscriptionPaused(**LATER), CustomerSubscriptionResumed(**LATER)], {"mrr": {"EUR": "50"}}),
    ([started(), CustomerSubscriptionCancelled(**LATER)], {"subscriptions": 0, "mrr": {}, "status": "active"}),
    ([started(), CustomerSubscriptionRetracted(subscription_id=PART)], {"status": "prospect", "mrr": {}}),
    ([LOGGED], {"interactions": 1, "last_interaction_at": day(1)}),
    ([LOGGED, CORRECTED], {"interactions": 1, "last_interaction_at": day(1)}),
    ([CORRECTED], {"interactions": 1, "last_interaction_at": day(1)}),
    ([LOGGED, InteractionRetracted(interaction_id=PART)], {"interactions": 0, "last_interaction_at": None}),
    ([PLANNED], {"open_follow_ups": 1, "next_due_at": day(9)}),
    ([PLANNED, FollowUpRescheduled(task_id=PART, due_at=day(12))], {"next_due_at": day(12)}),
    ([PLANNED, FollowUpCompleted(task_id=PART)], {"open_follow_ups": 0, "next_due_at": None}),
    ([PLANNED, FollowUpCancelled(task_id=PART)], {"open_follow_ups": 0}),
    ([PLANNED, FollowUpRetracted(task_id=PART)], {"open_follow_ups": 0}),
    ([granted(), granted("phone")], {"consents": {"email": {"news": True}, "phone": {"news": True}}}),
    ([granted(person_id=PERSON)], {"consents": {}}),
    (
        [granted(), CustomerUnsubscribed(channel="email")],
        {"consents": {"email": {"news": False}}, "unsubscribed": ["email"]},
    ),
    ([CustomerSurveyAnswered(survey="nps", score=9)], {"nps_score": 9, "nps_at": day(1), "csat_score": None}),
    (
        [CustomerSurveyAnswered(survey="csat", score=5), CustomerSurveyAnswered(survey="csat", score=2)],
        {"csat_score": 2, "csat_at": day(2)},
    ),
    ([CustomerSurveyAnswered(survey="ces", score=3)], {"ces_score": 3, "ces_at": day(1)}),
]


def test_what_is_known_of_a_customer(shared: Connection) -> None:
    customers = [registered(shared, *events) for events, _ in KNOWN]
    found = [row(shared, "customer_360", customer_id) for customer_id in customers]
    expected = [dict(wanted) for _, wanted in KNOWN]
    assert [{name: one[name] for name in wanted} for one, wanted in zip(found, expected, strict=True)] == expected
    assert is_its_replay(shared, "customer_360")


def lead(shared: Connection, customer_id: UUID, *events: Event) -> UUID:
    return happened(
        shared, customer_id, captured(), *events, noun="lead", at=[day(n) for n in range(9)][: len(events) + 1]
    )


def ticket(shared: Connection, customer_id: UUID, *events: Event) -> UUID:
    return happened(shared, customer_id, TicketOpened(subject="Printer"), *events, noun="ticket")


MERGE = uuid4()
MERGED = MergedInto(survivor_id=uuid4(), merge_id=MERGE)


LEADS: list[tuple[list[Event], bool, str]] = [
    ([], True, "prospect"),
    ([LeadWon()], False, "active"),
    ([LeadLost()], False, "prospect"),
    ([LeadDisqualified()], False, "prospect"),
    ([LeadWon(), LeadReopened()], True, "prospect"),
    ([LeadLost(), LeadRecycled()], True, "prospect"),
    ([MERGED], False, "prospect"),
    ([MERGED, MergeReverted(merge_id=MERGE)], True, "prospect"),
    ([MERGED, MergeReverted(merge_id=uuid4())], False, "prospect"),
]


def test_a_prospect_with_a_lead(shared: Connection) -> None:
    for events, is_open, status in LEADS:
        customer_id = uuid4()
        lead(shared, customer_id, *events)
        found = row(shared, "customer_360", customer_id)
        assert (found["open_leads"], found["status"], found["since"]) == (int(is_open), status, day(0)), events
        assert (found["kind"], found["name"]) == (None, None)


TICKETS: list[tuple[list[Event], bool]] = [
    ([], True),
    ([TicketPutPending()], True),
    ([TicketPutOnHold()], True),
    ([TicketPutOnHold(), TicketResumed()], True),
    ([TicketSolved()], False),
    ([TicketSolved(), TicketReopened()], True),
    ([TicketSolved(), TicketClosed()], False),
    ([TicketMarkedSpam()], False),
    ([MERGED], False),
    ([MERGED, MergeReverted(merge_id=MERGE)], True),
    ([TicketSolved(), TicketRated(csat=4)], False),
]


def test_a_customer_with_a_ticket(shared: Connection) -> None:
    for events, is_open in TICKETS:
        customer_id = registered(shared)
        ticket(shared, customer_id, *events)
        assert row(shared, "customer_360", customer_id)["open_tickets"] == int(is_open), events


def test_a_rated_ticket_is_the_last_answer_until_another_is_given(shared: Connection) -> None:
    customer_id = registered(shared, CustomerSurveyAnswered(survey="csat", score=1))
    happened(
        shared,
        customer_id,
        TicketOpened(subject="Printer"),
        TicketRated(csat=4),
        noun="ticket",
        at=[day(1), day(3)],
    )
    assert row(shared, "customer_360", customer_id)["csat_score"] == 4
    happened(shared, customer_id, CustomerSurveyAnswered(survey="csat", score=2), at=[day(4)])
    found = row(shared, "customer_360", customer_id)
    assert (found["csat_score"], found["csat_at"]) == (2, day(4))


def point(written: str, point_id: UUID | None = None, *, kind: ContactPointKind = "email", **fields: object) -> Event:
    return CustomerContactPointAdded.model_validate(
        {"point_id": point_id or uuid4(), "kind": kind, "value": contact_point(kind, written), **fields}
    )


def test_where_the_primary_contact_point_is_removed_another_takes_its_place(shared: Connection) -> None:
    first, second, third = uuid4(), uuid4(), uuid4()
    points = [
        point("a@example.org", first, primary=True),
        point("b@example.org", second),
        point("c@example.org", third, primary=True),
    ]
    removed, again = (CustomerContactPointRemoved(point_id=gone) for gone in (third, first))
    for events, primary in ((points, third), ([*points, removed], first), ([*points, removed, again], second)):
        found = rows(shared, "contact_point", registered(shared, *events))
        assert [each["point_id"] for each in found if each["is_primary"]] == [primary]


def test_the_primary_contact_point_is_the_one_said_so_last(shared: Connection) -> None:
    first, second = uuid4(), uuid4()
    customer_id = registered(
        shared,
        point("a@example.org", first, primary=True, label="work"),
        point("B@Example.org", second, primary=True),
        point("+49 89 1234567", kind="phone", primary=True),
    )
    found = {found["written"]: found for found in rows(shared, "contact_point", customer_id)}
    assert {written for written in found if found[written]["is_primary"]} == {"B@Example.org", "+49 89 1234567"}
    assert (found["B@Example.org"]["normalised"], found["B@Example.org"]["comparable"]) == (
        "B@example.org",
        "b@example.org",
    )
    assert found["a@example.org"]["label"] == "work"
    known = row(shared, "customer_360", customer_id)
    assert (known["email"], known["phone"]) == ("B@example.org", "+49891234567")
    happened(shared, customer_id, CustomerContactPointRemoved(point_id=second))
    assert row(shared, "customer_360", customer_id)["email"] == "a@example.org"
    corrected = CustomerContactPointCorrected(
        point_id=first, kind="email", value=contact_point("email", "c@example.org")
    )
    happened(shared, customer_id, corrected)
    (email,) = [found for found in rows(shared, "contact_point", customer_id) if found["kind"] == "email"]
    assert (email["written"], email["is_primary"], email["label"], email["added_at"]) == (
        "c@example.org",
        True,
        None,
        day(1),
    )


@pytest.mark.parametrize(
    "leaving",
    [CustomerContactPersonRemoved(person_id=PERSON), CustomerPersonForgotten(person_id=PERSON, legal_basis="request")],
)
def test_who_leaves_takes_her_contact_points_along(shared: Connection, leaving: Event) -> None:
    person = CustomerContactPersonAdded(person_id=PERSON, name="Bo")
    own, hers = point("own@example.org"), point("hers@example.org", person_id=PERSON, primary=True)
    customer_id = registered(shared, person, hers)
    assert row(shared, "customer_360", customer_id)["email"] == "hers@example.org"
    happened(shared, customer_id, own)
    assert row(shared, "customer_360", customer_id)["email"] == "own@example.org"
    happened(shared, customer_id, leaving)
    assert [found["written"] for found in rows(shared, "contact_point", customer_id)] == ["own@example.org"]
    happened(shared, customer_id, hers)
    assert len(rows(shared, "contact_point", customer_id)) == 2


def test_a_forgotten_contact_point_says_nothing(shared: Connection) -> None:
    forgotten = CustomerContactPointAdded(point_id=PART, kind="email", value=FORGOTTEN, primary=True)
    customer_id = registered(shared, forgotten)
    found = row(shared, "contact_point", customer_id)
    assert [found[name] for name in ("written", "normalised", "comparable", "extension")] == [None] * 4
    assert row(shared, "customer_360", customer_id)["email"] is None


CONSENTS: list[tuple[list[Event], tuple[bool, bool]]] = [
    ([granted()], (True, True)),
    ([granted(), CustomerConsentWithdrawn(channel="email", purpose="news")], (False, False)),
    ([granted(), CustomerConsentWithdrawn(channel="email", purpose="news"), granted()], (True, True)),
    ([granted(), CustomerUnsubscribed(channel="email")], (True, False)),
    ([granted(), CustomerUnsubscribed(channel="phone")], (True, True)),
    ([granted(), CustomerUnsubscribed(channel="email", person_id=PERSON)], (True, True)),
    ([granted(), CustomerUnsubscribed(channel="email"), granted(purpose="offers")], (True, True)),
    ([granted(), CustomerForgotten(legal_basis="request")], (True, False)),
]
ADDED = CustomerContactPersonAdded(person_id=PERSON, name="Bo")
LEFT = CustomerContactPersonRemoved(person_id=PERSON)


@pytest.mark.parametrize(
    ("events", "is_allowed"),
    [
        ([ADDED, granted(person_id=PERSON)], True),
        ([granted(person_id=PERSON)], False),
        ([ADDED, granted(person_id=PERSON), LEFT], False),
        ([ADDED, granted(person_id=PERSON), LEFT, ADDED], True),
        ([ADDED, granted(person_id=PERSON), CustomerPersonForgotten(person_id=PERSON, legal_basis="request")], False),
        ([ADDED, granted(person_id=PERSON), CustomerUnsubscribed(channel="email")], False),
        ([ADDED, granted(person_id=PERSON), CustomerUnsubscribed(channel="email"), granted(person_id=PERSON)], False),
        ([ADDED, granted(person_id=PERSON), CustomerUnsubscribed(channel="email"), granted()], True),
        ([ADDED, granted(person_id=PERSON), CustomerUnsubscribed(channel="phone")], True),
    ],
)
def test_a_contact_person_is_written_to_while_she_is_there_and_her_customer_wants_it(
    shared: Connection, events: list[Event], is_allowed: bool
) -> None:
    customer_id = registered(shared, *events)
    hers = [found for found in rows(shared, "consent", customer_id) if found["person_id"] == PERSON]
    assert [found["is_allowed"] for found in hers] == [is_allowed]


def test_what_may_be_sent(shared: Connection) -> None:
    for events, expected in CONSENTS:
        customer_id = registered(shared, *events)
        (found,) = [found for found in rows(shared, "consent", customer_id) if found["purpose"] == "news"]
        assert (found["is_granted"], found["is_allowed"]) == expected, events
        assert found["subject_id"] == customer_id


def test_a_consent_says_what_was_agreed_to_and_whose_it_is(shared: Connection) -> None:
    customer_id = registered(shared, granted(person_id=PERSON))
    found = row(shared, "consent", customer_id)
    assert (found["subject_id"], found["person_id"], found["text_version"]) == (PERSON, PERSON, "2")
    assert (found["proof"], found["said_at"]) == ("form", day(1))
    unproven = registered(shared, CustomerConsentGranted(channel="email", purpose="news", proof=FORGOTTEN))
    assert row(shared, "consent", unproven)["proof"] is None
    out = registered(shared, CustomerUnsubscribed(channel="email"))
    assert row(shared, "consent", out)["is_allowed"] is False


def statuses(shared: Connection, customer_id: UUID) -> list[tuple[object, ...]]:
    """The customer's life: from when to when she was what."""
    found = rows(shared, "customer_lifecycle_interval", customer_id)
    return [(life["status"], life["valid_from"], life["valid_to"]) for life in found]


def test_a_life_is_a_chain_of_intervals(shared: Connection) -> None:
    reason = churned(kind="silence")
    customer_id = registered(shared, bought(), CustomerMarkedAtRisk(), reason, CustomerWonBack(), CustomerArchived())
    assert statuses(shared, customer_id) == [
        ("prospect", day(0), day(1)),
        ("active", day(1), day(2)),
        ("at_risk", day(2), day(3)),
        ("churned", day(3), day(4)),
        ("won_back", day(4), day(5)),
        ("won_back", day(5), None),
    ]
    found = rows(shared, "customer_lifecycle_interval", customer_id)
    assert [life["is_archived"] for life in found] == [False] * 5 + [True]
    assert (found[3]["churn_kind"], found[3]["churn_effective_on"]) == ("silence", date(2026, 3, 9))
    assert {life["churn_kind"] for life in found} == {None, "silence"}


def test_what_is_recorded_late_holds_from_when_it_happened(shared: Connection) -> None:
    customer_id = registered(shared, CustomerActivated(), churned())
    happened(shared, customer_id, bought(), at=[day(0)])
    assert statuses(shared, customer_id) == [("active", day(0), day(2)), ("churned", day(2), None)]
    happened(shared, customer_id, CustomerPurchaseRetracted(purchase_id=PART))
    assert statuses(shared, customer_id) == [
        ("prospect", day(0), day(1)),
        ("active", day(1), day(2)),
        ("churned", day(2), None),
    ]


TABLES = (
    "contact_point", "consent", "customer_lifecycle_interval", "customer_profile",
    "customer_record", "customer_part", "customer_360",
)  # fmt: skip


def everything(shared: Connection, *customers: UUID) -> list[dict[str, object]]:
    """All rows of these customers, but for where in the log they were last spoken of."""
    return [
        {name: value for name, value in found.items() if name != "position"}
        for table in TABLES
        for customer_id in customers
        for found in rows(shared, table, customer_id)
    ]


def test_a_merged_customer_lives_on_in_the_survivor_and_comes_back_as_she_was(shared: Connection) -> None:
    survivor = registered(shared, CustomerTagged(tag="a"), point("a@example.org", primary=True), granted(), bought())
    merged = registered(
        shared, CustomerTagged(tag="b"), point("b@example.org", primary=True), LOGGED, bought("5", uuid4()),
        CustomerClassified(tier="gold"), CustomerSurveyAnswered(survey="nps", score=3), name="Ann Exemplar",
    )  # fmt: skip
    lead(shared, merged)
    ticket(shared, survivor)
    before = everything(shared, survivor, merged)
    merge_id = merge(shared, merged, survivor)
    assert everything(shared, merged) == []
    known = row(shared, "customer_360", survivor)
    expected = {
        "name": "Ann Example", "tier": "gold", "tags": ["a", "b"], "email": "a@example.org", "interactions": 1,
        "purchased": {"EUR": "105"}, "open_leads": 1, "open_tickets": 1, "nps_score": 3, "since": day(0),
    }  # fmt: skip
    assert {name: known[name] for name in expected} == expected
    assert [found["written"] for found in rows(shared, "contact_point", survivor) if found["is_primary"]] == [
        "a@example.org"
    ]
    revert(shared, merge_id, merged, survivor)
    assert everything(shared, survivor, merged) == before
    assert is_its_replay(shared, "customer_360")


def test_a_merge_may_choose_the_merged_customers_value_until_it_is_recorded_anew(shared: Connection) -> None:
    survivor = registered(shared, field("roof", TextValue(value="flat")), source="fair")
    merged = registered(shared, field("roof", TextValue(value="steep")), name="Chosen", source="web")
    merge(shared, merged, survivor, name="merged", roof="merged")
    known = row(shared, "customer_360", survivor)
    assert (known["name"], known["source"], known["custom_fields"]) == ("Chosen", "fair", {"roof": "steep"})
    happened(shared, survivor, CustomerRenamed(name="Anew"), field("roof", None))
    known = row(shared, "customer_360", survivor)
    assert (known["name"], known["custom_fields"]) == ("Anew", {})


def test_a_choice_holds_through_a_chain_of_merges(shared: Connection) -> None:
    one, two, three = (registered(shared, name=name) for name in ("One", "Two", "Three"))
    first = merge(shared, one, two, name="merged")
    merge(shared, two, three, name="merged")
    assert row(shared, "customer_360", three)["name"] == "One"
    revert(shared, first, one, two)
    assert row(shared, "customer_360", three)["name"] == "Two"
    assert row(shared, "customer_360", one)["name"] == "One"
    assert is_its_replay(shared, "customer_360")


def test_the_survivors_life_goes_on_whatever_was_said_of_her_double(shared: Connection) -> None:
    survivor, double = registered(shared, bought()), registered(shared, bought("1", uuid4()), churned())
    merge(shared, double, survivor)
    assert row(shared, "customer_360", survivor)["status"] == "active"
    prospect, lost = registered(shared), registered(shared, bought("1", uuid4()), churned())
    merge(shared, lost, prospect)
    assert row(shared, "customer_360", prospect)["status"] == "churned"
    assert [life["churn_kind"] for life in rows(shared, "customer_lifecycle_interval", prospect)][-1] == "said"


def test_a_record_of_another_customer_counts_where_it_belongs(shared: Connection) -> None:
    wrong, right = registered(shared), registered(shared)
    lead_id = lead(shared, wrong, LOGGED)
    moved = Reattributed(from_customer_id=CustomerId(wrong), to_customer_id=CustomerId(right))
    happened(shared, wrong, moved, noun="lead", stream_id=lead_id)
    here, there = (row(shared, "customer_360", customer_id) for customer_id in (wrong, right))
    assert [(one["open_leads"], one["interactions"]) for one in (here, there)] == [(0, 0), (1, 1)]
    assert is_its_replay(shared, "customer_360")


def test_tags_and_custom_fields_are_found_by_an_index(shared: Connection) -> None:
    wanted = registered(shared, CustomerTagged(tag="rare"), field("roof", TextValue(value="round")))
    registered(shared, CustomerTagged(tag="a"), field("roof", TextValue(value="steep")))
    row(shared, "customer_360", wanted)
    shared.execute("SET enable_seqscan = off")
    for index, condition in (
        ("customer_360_by_tag", "tags @> ARRAY['rare']"),
        ("customer_360_by_custom_field", """custom_fields @> '{"roof": "round"}'"""),
    ):
        select = f"SELECT customer_id FROM customer_360 WHERE {condition}"
        assert shared.execute(select.encode()).fetchall() == [{"customer_id": wanted}]
        assert index in str(shared.execute(f"EXPLAIN {select}".encode()).fetchall())


def test_what_was_undone_was_never_recorded(shared: Connection) -> None:
    undoable = [
        CustomerRenamed(name="Wrong"), CustomerTagged(tag="b"), bought(), point("b@example.org"), granted(),
        CustomerArchived(), LOGGED,
    ]  # fmt: skip
    plain, undone = registered(shared, CustomerTagged(tag="a")), registered(shared, CustomerTagged(tag="a"), *undoable)
    happened(shared, undone, EventsUndone(versions=tuple(range(3, 3 + len(undoable)))), at=[day(9)])
    assert without_ids(everything(shared, undone)) == without_ids(everything(shared, plain))
    lead_id = lead(shared, undone, LeadWon())
    assert row(shared, "customer_360", undone)["status"] == "active"
    happened(shared, undone, EventsUndone(versions=(1, 2)), noun="lead", stream_id=lead_id)
    assert without_ids(everything(shared, undone)) == without_ids(everything(shared, plain))
    assert is_its_replay(shared, "customer_360")


def without_ids(found: list[dict[str, object]]) -> list[dict[str, object]]:
    return [{name: value for name, value in one.items() if name != "customer_id"} for one in found]
