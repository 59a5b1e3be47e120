"""A log of many customers who each did a few things: what a shop or a subscription business has, told quickly.

Half of them come through a lead, a third have a subscription, some need help; all else that they do is buy, ever less
often. Nothing is drawn at random but by the customer's number, so that every log of one size is the same.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain
from random import Random
from typing import TypeAlias
from uuid import UUID

from bench.append import ENVELOPE, life
from domain.customer import (
    CustomerChurned,
    CustomerPurchaseRecorded,
    CustomerPurchaseRefunded,
    CustomerRegistered,
    CustomerSubscriptionCancelled,
    CustomerSubscriptionStarted,
    CustomerSurveyAnswered,
)
from domain.event import CustomerId, Event
from domain.interaction import InteractionLogged
from domain.lead import LeadLost, LeadWon
from domain.money import Money
from domain.ticket import TicketClosed, TicketOpened, TicketRated, TicketReplied, TicketSolved
from domain.workspace import DEFAULT_PIPELINE, WORKSPACE_ID, Workspace, publish_pipeline
from eventstore import log
from eventstore.database import connect
from eventstore.whole_log import filling, staging
from replay.follow import fold_side_by_side
from replay.rebuild import prepare

EVENTS_EACH = 20
_YEARS = timedelta(days=3 * 365)
_SOURCES = ("web", "event", "partner", "referral", None)

Told: TypeAlias = tuple[str, UUID, Event, datetime]
"""An event with its noun and stream, and when it happened."""


def fill(conninfo: str, customers: int, until: datetime) -> int:
    """Put their histories of three years up to `until` into the empty log, and fold the read models; returns how many
    events those are."""
    with connect(conninfo) as connection:
        prepare(connection)
        staging.prepare(connection)
        told = chain([_pipeline(until)], (_rows(number, until) for number in range(customers)))
        events = staging.stage(connection, told)
        with connection.transaction():
            filling.hold_still(connection)
            staging.fill(connection)
            filling.begin_anew(connection, events)
    fold_side_by_side(conninfo)
    return events


def _pipeline(until: datetime) -> bytes:
    """The workspace's first event, without which nobody knows the order of the stages."""
    published = publish_pipeline(Workspace(), DEFAULT_PIPELINE)
    return _lines(-1, WORKSPACE_ID, [("workspace", WORKSPACE_ID, published, until - _YEARS)], Random(-1))


def _rows(number: int, until: datetime) -> bytes:
    """One customer's events as lines to be staged."""
    chance = Random(number)
    customer = CustomerId(_id(chance))
    return _lines(number, customer, sorted(_story(chance, customer, until), key=lambda told: told[3]), chance)


def _lines(number: int, customer: CustomerId, told: Sequence[Told], chance: Random) -> bytes:
    """As soon as it happened, it was recorded."""
    versions: dict[UUID, int] = {}
    lines = []
    for ordinal, (noun, stream_id, event, at) in enumerate(told):
        versions[stream_id] = versions.get(stream_id, 0) + 1
        new = log.NewEvent(customer, noun, stream_id, versions[stream_id], event, at)
        salt, event_id = f"{chance.getrandbits(128):032x}", _id(chance).hex
        lines.append(
            staging.text_of(new, ENVELOPE, order=(number, ordinal), event_id=event_id, salt=salt, recorded_at=at)
        )
    return "".join(f"{line}\n" for line in lines).encode()


def _story(chance: Random, customer: CustomerId, until: datetime) -> list[Told]:
    came = until - _YEARS * (1 - chance.random() ** 0.8)
    registered = CustomerRegistered(kind="person", name="A customer of many", source=chance.choice(_SOURCES))
    told: list[Told] = [("customer", customer, registered, came)]
    for share, part in ((0.5, _lead), (0.33, _subscription), (0.6, _ticket), (0.5, _said)):
        if chance.random() < share:
            told += part(chance, customer, came)
    told = [one for one in told if one[3] < until]
    gap = timedelta(days=chance.expovariate(1 / 20))
    at = came
    while len(told) < EVENTS_EACH:
        at = min(at + gap * chance.random(), until - timedelta(seconds=EVENTS_EACH - len(told)))
        told += _purchase(chance, customer, at)
        gap *= 1.2
    return told[:EVENTS_EACH]


def _lead(chance: Random, _: CustomerId, came: datetime) -> Iterator[Told]:
    lead, at = _id(chance), came
    outcome = LeadWon(value=_money(chance, 2000)) if chance.random() < 0.4 else LeadLost(reason="Too dear")
    for event in (*life(3), outcome):
        yield "lead", lead, event, at
        at += timedelta(days=30 * chance.random())


def _subscription(chance: Random, customer: CustomerId, came: datetime) -> Iterator[Told]:
    subscription, begins = _id(chance), came + timedelta(days=10)
    mrr, plan = _money(chance, 90), chance.choice(("small", "large"))
    started = CustomerSubscriptionStarted(
        subscription_id=subscription, plan=plan, mrr=mrr, term_months=1, effective_on=begins.date()
    )
    yield "customer", customer, started, begins
    ends = begins + timedelta(days=chance.expovariate(1 / 400))
    cancelled = CustomerSubscriptionCancelled(subscription_id=subscription, effective_on=ends.date())
    yield "customer", customer, cancelled, ends
    left = CustomerChurned(kind="contractual", effective_on=ends.date())
    yield "customer", customer, left, ends + timedelta(microseconds=1)


def _ticket(chance: Random, _: CustomerId, came: datetime) -> Iterator[Told]:
    ticket, at = _id(chance), came + timedelta(days=300 * chance.random())
    yield "ticket", ticket, TicketOpened(subject="It does not start", channel="email"), at
    yield "ticket", ticket, TicketReplied(author="agent", body="Is it on?"), at + timedelta(hours=5 * chance.random())
    solved = at + timedelta(hours=6 + 90 * chance.random())
    yield "ticket", ticket, TicketSolved(), solved
    yield "ticket", ticket, TicketRated(csat=chance.randint(1, 5)), solved + timedelta(hours=1)
    yield "ticket", ticket, TicketClosed(), solved + timedelta(days=7)


def _said(chance: Random, customer: CustomerId, came: datetime) -> Iterator[Told]:
    at = came + timedelta(days=200 * chance.random())
    yield "customer", customer, InteractionLogged(interaction_id=_id(chance), kind="call", direction="outbound"), at
    answer = CustomerSurveyAnswered(survey="nps", score=chance.randint(0, 10))
    yield "customer", customer, answer, at + timedelta(days=1)


def _purchase(chance: Random, customer: CustomerId, at: datetime) -> Iterator[Told]:
    purchase, total = _id(chance), _money(chance, 150)
    yield "customer", customer, CustomerPurchaseRecorded(purchase_id=purchase, total=total), at
    if chance.random() < 0.03:
        back = CustomerPurchaseRefunded(purchase_id=purchase, amount=total)
        yield "customer", customer, back, at + timedelta(microseconds=1)


def _money(chance: Random, most: int) -> Money:
    return Money(amount=Decimal(chance.randint(1, most)), currency="EUR")


def _id(chance: Random) -> UUID:
    return UUID(int=chance.getrandbits(128), version=4)
