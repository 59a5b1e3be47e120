"""What was filed under the wrong customer: a lead or ticket as a whole, a part of a customer's history, taken back."""

from collections.abc import Sequence
from datetime import timedelta
from functools import reduce
from uuid import UUID

import pytest

from domain import customer as customers
from domain import lead as leads
from domain import ticket as tickets
from domain.customer import (
    ActivateCustomer,
    Customer,
    CustomerActivated,
    CustomerAlreadyForgotten,
    CustomerChurned,
    CustomerEvent,
    CustomerMarkedAtRisk,
    CustomerMerged,
    CustomerPurchaseRecorded,
    CustomerPurchaseRefunded,
    CustomerPurchaseRetracted,
    CustomerSubscriptionCancelled,
    CustomerSubscriptionRetracted,
    CustomerSubscriptionStarted,
    CustomerSubscriptionUpgraded,
    CustomerTagged,
    PurchaseAlreadyRecorded,
    PurchaseAlreadyRetracted,
    ReattributedPart,
    ReattributePart,
    RecordPurchase,
    RefundPurchase,
    RetractPurchase,
    RetractSubscription,
    StartSubscription,
    SubscriptionAlreadyRetracted,
    SubscriptionAlreadyStarted,
    UnknownPart,
    UnknownPurchase,
    UnknownSubscription,
    UpgradeSubscription,
    mrr,
    reattribute_part,
)
from domain.event import Command, CustomerId, Refusal
from domain.follow_up import FollowUpCompleted, FollowUpRescheduled, FollowUpRetracted, FollowUpScheduled
from domain.interaction import (
    InteractionAlreadyRetracted,
    InteractionCorrected,
    InteractionLogged,
    InteractionRetracted,
)
from domain.lead import Lead, LeadLost, LeadMerged
from domain.merge import MergedInto
from domain.reattribution import AlreadyAttributed, Reattribute, Reattributed, reattribute
from domain.ticket import Ticket, TicketMarkedSpam, TicketMerged
from tests.domain.customers import FIRST, FORGOTTEN_CUSTOMER, NEW, SECOND, decide, eur, given, refused
from tests.domain.customers import MERGED as MERGED_CUSTOMER
from tests.domain.histories import DAY, IDS

HERE, THERE = CustomerId(IDS[0]), CustomerId(IDS[1])
PART = IDS[2]
MERGED = MergedInto(survivor_id=IDS[1], merge_id=IDS[2])
TO_THERE = Reattribute(to_customer_id=THERE, reason="Her sister")
MOVED = Reattributed(from_customer_id=HERE, to_customer_id=THERE, reason="Her sister")


@pytest.mark.parametrize("record", [Lead(), Lead(status="won"), leads.evolve(None, LeadLost()), Ticket(),
                                    tickets.evolve(None, TicketMarkedSpam())])  # fmt: skip
def test_a_lead_or_ticket_is_filed_under_another_customer_whatever_became_of_it(record: Lead | Ticket) -> None:
    assert reattribute(record, TO_THERE, HERE, Customer()) == MOVED


def test_it_can_go_on_to_a_third_and_come_back() -> None:
    for moved in (leads.evolve(None, MOVED), tickets.evolve(None, MOVED)):
        assert moved.reattributed_to == THERE
        back = Reattribute(to_customer_id=HERE)
        event = Reattributed(from_customer_id=THERE, to_customer_id=HERE)
        assert reattribute(moved, back, HERE, Customer()) == event
        third = CustomerId(IDS[3])
        assert reattribute(moved, Reattribute(to_customer_id=third), HERE, Customer()).from_customer_id == THERE
    assert leads.evolve(leads.evolve(None, MOVED), event).reattributed_to == HERE


@pytest.mark.parametrize(
    ("refusal", "record", "to"),
    [
        (LeadMerged, leads.evolve(None, MERGED), Customer()),
        (TicketMerged, tickets.evolve(None, MERGED), Customer()),
        (AlreadyAttributed, leads.evolve(None, MOVED), Customer()),
        (AlreadyAttributed, tickets.evolve(None, MOVED), Customer()),
        (CustomerMerged, Lead(), given(MERGED_CUSTOMER)),
        (CustomerAlreadyForgotten, Ticket(), given(FORGOTTEN_CUSTOMER)),
    ],
)
def test_it_goes_only_where_it_can_be(refusal: type[Refusal], record: Lead | Ticket, to: Customer) -> None:
    with pytest.raises(refusal):
        reattribute(record, TO_THERE, HERE, to)


def test_what_was_never_moved_is_where_it_was_begun() -> None:
    with pytest.raises(AlreadyAttributed, match=str(HERE)):
        reattribute(Lead(), Reattribute(to_customer_id=HERE), HERE, Customer())


RECORDED = CustomerPurchaseRecorded(purchase_id=PART, total=eur(9), external_id="A-1")
STARTED = CustomerSubscriptionStarted(subscription_id=PART, plan="basic", mrr=eur(9), effective_on=FIRST)
PARTS: list[tuple[Sequence[CustomerEvent], CustomerEvent]] = [
    (
        (
            InteractionLogged(interaction_id=PART, kind="call", summary="Rang"),
            InteractionCorrected(interaction_id=PART, kind="call", summary="Rang her"),
        ),
        InteractionRetracted(interaction_id=PART, reason="Her sister"),
    ),
    (
        (
            FollowUpScheduled(task_id=PART, what="Ring", due_at=DAY),
            FollowUpRescheduled(task_id=PART, due_at=DAY),
            FollowUpCompleted(task_id=PART, outcome="Rang"),
        ),
        FollowUpRetracted(task_id=PART, reason="Her sister"),
    ),
    (
        (RECORDED, CustomerPurchaseRefunded(purchase_id=PART, amount=eur(1))),
        CustomerPurchaseRetracted(purchase_id=PART, reason="Her sister"),
    ),
    (
        (STARTED, CustomerSubscriptionUpgraded(subscription_id=PART, mrr=eur(10), effective_on=SECOND)),
        CustomerSubscriptionRetracted(subscription_id=PART, reason="Her sister"),
    ),
]
ELSE: tuple[CustomerEvent, ...] = (
    InteractionLogged(interaction_id=IDS[0], kind="note"),
    FollowUpScheduled(task_id=IDS[0], what="Ring", due_at=DAY),
    CustomerPurchaseRecorded(purchase_id=IDS[0], total=eur(3)),
    CustomerSubscriptionStarted(subscription_id=IDS[0], plan="basic", mrr=eur(3), effective_on=FIRST),
    CustomerTagged(tag="vip"),
)
TO_SISTER = ReattributePart(part_id=PART, to_customer_id=THERE, reason="Her sister")
EVERY_PART = pytest.mark.parametrize(("part", "retraction"), PARTS, ids=lambda value: type(value).__name__)


def moved(customer: Customer, events: Sequence[CustomerEvent], to: Customer | None = None) -> ReattributedPart:
    history = [(event, DAY + timedelta(number)) for number, event in enumerate(events)]
    return reattribute_part(customer, TO_SISTER, HERE, to or Customer(), history, NEW)


@EVERY_PART
def test_a_part_goes_with_its_whole_history_and_its_moments(
    part: Sequence[CustomerEvent], retraction: CustomerEvent
) -> None:
    events = (*ELSE, *part)
    here, there = given(*events), moved(given(*events), events)
    assert there.here == retraction
    assert [at for _, at in there.there] == [DAY + timedelta(len(ELSE) + number) for number in range(len(part))]
    for (event, _), before in zip(there.there, part, strict=True):
        assert event == before.model_copy(update={str(before.part_field): NEW})
    # what is there now is what it would have been there from the start, and nothing of it is left here
    at_home = reduce(customers.evolve, part, given())
    arrived = reduce(customers.evolve, (event for event, _ in there.there), given())
    assert arrived.status == at_home.status
    assert list(arrived.work.interactions.values()) == list(at_home.work.interactions.values())
    assert list(arrived.work.follow_ups.values()) == list(at_home.work.follow_ups.values())
    assert list(arrived.trade.purchases.values()) == list(at_home.trade.purchases.values())
    assert list(arrived.trade.subscriptions.values()) == list(at_home.trade.subscriptions.values())
    left = customers.evolve(here, there.here)
    assert mrr(left.trade, SECOND) == mrr(given(*ELSE).trade, SECOND)
    assert left.work.interactions.get(PART) in (None, "retracted")


@EVERY_PART
def test_a_part_goes_only_once_and_can_come_back(part: Sequence[CustomerEvent], retraction: CustomerEvent) -> None:
    gone = given(*part, retraction)
    with pytest.raises(Refusal, match="was retracted"):
        moved(gone, part)
    arrived = moved(given(*part), part)
    sister = reduce(customers.evolve, (event for event, _ in arrived.there), given())
    command = ReattributePart(part_id=NEW, to_customer_id=HERE)
    back = reattribute_part(sister, command, THERE, gone, arrived.there, IDS[0])
    assert len(back.there) == len(part)
    home = reduce(customers.evolve, (event for event, _ in back.there), gone)
    assert mrr(home.trade, SECOND) == mrr(given(*part).trade, SECOND)


@pytest.mark.parametrize(
    ("refusal", "customer", "to", "command"),
    [
        (UnknownPart, given(*ELSE), given(), TO_SISTER),
        (AlreadyAttributed, given(RECORDED), given(), ReattributePart(part_id=PART, to_customer_id=HERE)),
        (CustomerMerged, given(RECORDED), given(MERGED_CUSTOMER), TO_SISTER),
        (CustomerAlreadyForgotten, given(RECORDED, FORGOTTEN_CUSTOMER), given(), TO_SISTER),
        (CustomerAlreadyForgotten, given(RECORDED), given(FORGOTTEN_CUSTOMER), TO_SISTER),
    ],
)
def test_a_part_goes_only_where_it_can_be(
    refusal: type[Refusal], customer: Customer, to: Customer, command: ReattributePart
) -> None:
    with pytest.raises(refusal):
        reattribute_part(customer, command, HERE, to, [(RECORDED, DAY)], NEW)


@pytest.mark.parametrize(
    ("customer", "to_customer_id", "named"), [(given(*ELSE), THERE, PART), (given(RECORDED), HERE, HERE)]
)
def test_the_refusal_names_the_part_or_the_customer(
    customer: Customer, to_customer_id: CustomerId, named: UUID
) -> None:
    with pytest.raises((UnknownPart, AlreadyAttributed), match=str(named)):
        reattribute_part(
            customer,
            ReattributePart(part_id=PART, to_customer_id=to_customer_id),
            HERE,
            given(),
            [(RECORDED, DAY)],
            NEW,
        )


RETRACT_PURCHASE = RetractPurchase(purchase_id=PART, reason="Her sister")
RETRACT_SUBSCRIPTION = RetractSubscription(subscription_id=PART, reason="Her sister")
PURCHASE_RETRACTED = CustomerPurchaseRetracted(purchase_id=PART, reason="Her sister")
SUBSCRIPTION_RETRACTED = CustomerSubscriptionRetracted(subscription_id=PART, reason="Her sister")
ENDED = CustomerSubscriptionCancelled(subscription_id=PART, effective_on=SECOND)


def test_a_purchase_or_subscription_is_taken_back() -> None:
    assert decide(given(RECORDED), RETRACT_PURCHASE) == (PURCHASE_RETRACTED,)
    assert decide(given(STARTED), RETRACT_SUBSCRIPTION) == (SUBSCRIPTION_RETRACTED,)
    assert decide(given(STARTED, ENDED), RETRACT_SUBSCRIPTION) == (SUBSCRIPTION_RETRACTED,)


@pytest.mark.parametrize(
    ("refusal", "history", "command"),
    [
        (UnknownPurchase, (), RETRACT_PURCHASE),
        (PurchaseAlreadyRetracted, (RECORDED, PURCHASE_RETRACTED), RETRACT_PURCHASE),
        (PurchaseAlreadyRetracted, (PURCHASE_RETRACTED, RECORDED), RETRACT_PURCHASE),
        (PurchaseAlreadyRetracted, (RECORDED, PURCHASE_RETRACTED), RefundPurchase(purchase_id=PART, amount=eur(1))),
        (PurchaseAlreadyRecorded, (RECORDED, PURCHASE_RETRACTED), RecordPurchase(purchase_id=PART, total=eur(1))),
        (UnknownSubscription, (), RETRACT_SUBSCRIPTION),
        (SubscriptionAlreadyRetracted, (STARTED, SUBSCRIPTION_RETRACTED), RETRACT_SUBSCRIPTION),
        (SubscriptionAlreadyRetracted, (SUBSCRIPTION_RETRACTED, STARTED, ENDED), RETRACT_SUBSCRIPTION),
        (
            SubscriptionAlreadyRetracted,
            (STARTED, SUBSCRIPTION_RETRACTED),
            UpgradeSubscription(subscription_id=PART, mrr=eur(99), effective_on=SECOND),
        ),
        (
            SubscriptionAlreadyStarted,
            (STARTED, SUBSCRIPTION_RETRACTED),
            StartSubscription(subscription_id=PART, plan="basic", mrr=eur(1), effective_on=SECOND),
        ),
    ],
)
def test_what_was_taken_back_is_over_and_its_id_stays_taken(
    refusal: type[Refusal], history: tuple[CustomerEvent, ...], command: Command
) -> None:
    refused(refusal, given(*history), command)


def test_a_retracted_subscription_never_brought_anything() -> None:
    assert mrr(given(STARTED, SUBSCRIPTION_RETRACTED).trade, SECOND) == {}
    assert mrr(given(SUBSCRIPTION_RETRACTED, STARTED).trade, SECOND) == {}


def test_the_end_of_the_last_subscription_that_was_hers_is_churn() -> None:
    other = CustomerSubscriptionStarted(subscription_id=IDS[0], plan="basic", mrr=eur(3), effective_on=FIRST)
    cancel = customers.CancelSubscription(subscription_id=IDS[0], effective_on=SECOND)
    assert len(decide(given(STARTED, other), cancel)) == 1
    assert len(decide(given(STARTED, other, SUBSCRIPTION_RETRACTED), cancel)) == 2


@pytest.mark.parametrize(
    ("history", "status"),
    [
        ((RECORDED, PURCHASE_RETRACTED), "prospect"),
        ((STARTED, SUBSCRIPTION_RETRACTED), "prospect"),
        ((RECORDED, STARTED, PURCHASE_RETRACTED), "active"),
        ((RECORDED, STARTED, SUBSCRIPTION_RETRACTED), "active"),
        ((RECORDED, STARTED, SUBSCRIPTION_RETRACTED, PURCHASE_RETRACTED), "prospect"),
        ((CustomerActivated(), RECORDED, PURCHASE_RETRACTED), "active"),
        ((RECORDED, CustomerActivated(), PURCHASE_RETRACTED), "active"),
        ((RECORDED, CustomerMarkedAtRisk(), PURCHASE_RETRACTED), "at_risk"),
        ((RECORDED, CustomerChurned(kind="said", effective_on=FIRST), PURCHASE_RETRACTED), "churned"),
        ((PURCHASE_RETRACTED,), "prospect"),
        ((PURCHASE_RETRACTED, RECORDED), "prospect"),
        ((SUBSCRIPTION_RETRACTED, STARTED), "prospect"),
    ],
)
def test_who_was_active_by_nothing_else_is_a_prospect_again(history: tuple[CustomerEvent, ...], status: str) -> None:
    assert given(*history).status == status


def test_a_prospect_again_can_be_activated() -> None:
    assert decide(given(RECORDED, PURCHASE_RETRACTED), ActivateCustomer()) == (CustomerActivated(),)


def test_an_interaction_that_was_taken_back_does_not_go_to_another_customer() -> None:
    part, retraction = PARTS[0]
    with pytest.raises(InteractionAlreadyRetracted):
        moved(given(*part, retraction), part)
