"""Customers who buy until they leave, and customers with contracts, from the first day of 2025 on."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import numpy as np

from api.fitting import Range
from domain.customer import (
    CustomerEvent,
    CustomerPurchaseRecorded,
    CustomerSubscriptionCancelled,
    CustomerSubscriptionStarted,
)
from domain.event import CustomerId
from domain.money import Money
from eventstore import log
from eventstore.bulk import append_bulk
from eventstore.database import Connection
from replay.follow import catch_up
from tests.facts import NOBODY

FIRST = datetime(2025, 1, 1, 12, tzinfo=UTC)
END = date(2026, 1, 1)
YEAR = Range(until_day=END)
Life = Sequence[tuple[float, CustomerEvent]]


def day(number: float) -> datetime:
    return FIRST + timedelta(days=number)


def bought(amount: str = "10", currency: str = "EUR") -> CustomerPurchaseRecorded:
    return CustomerPurchaseRecorded(purchase_id=uuid4(), total=Money(amount=Decimal(amount), currency=currency))


def subscribed(subscription_id: UUID, number: float, term: int | None = None) -> CustomerSubscriptionStarted:
    mrr = Money(amount=Decimal(9), currency="EUR")
    return CustomerSubscriptionStarted(
        subscription_id=subscription_id, plan="basic", mrr=mrr, term_months=term, effective_on=day(number).date()
    )


def lived(connection: Connection, *lives: Life) -> list[UUID]:
    """A customer for each of these lives; the read models are brought up to date."""
    ids = [CustomerId(uuid4()) for _ in lives]
    new = [
        log.NewEvent(who, "customer", who, version, event, day(number))
        for who, life in zip(ids, lives, strict=True)
        for version, (number, event) in enumerate(life, start=1)
    ]
    append_bulk(connection, new, NOBODY)
    catch_up(connection)
    return [*ids]


def buyers(number: int = 120) -> list[Life]:
    """Customers who buy at rates of their own until they leave."""
    random = np.random.default_rng(8)
    lives = list[Life]()
    for rate, spending, leaving in zip(
        random.gamma(1.2, 1 / 25, number), random.gamma(4, 10, number), random.beta(0.7, 2, number), strict=True
    ):
        now, life = float(random.uniform(0, 100)), list[tuple[float, CustomerEvent]]()
        while now < 364 and (len(life) < 2 or random.random() > leaving):
            life.append((now, bought(f"{1 + random.gamma(3, spending / 3):.2f}")))
            now += float(random.exponential(1 / rate))
        lives.append(life)
    return lives


def tell_more(connection: Connection, who: UUID, life: Life) -> None:
    customer_id = CustomerId(who)
    new = [log.NewEvent(customer_id, "customer", who, None, event, day(number)) for number, event in life]
    log.append(connection, new, NOBODY)
    catch_up(connection)


def contract(months: int | None, term: int | None = None) -> Life:
    """A subscription that began on the first day, and ended after so many months."""
    subscription_id = uuid4()
    begun = (0.0, subscribed(subscription_id, 0, term))
    if months is None:
        return [begun]
    on = date(2025 + months // 12, 1 + months % 12, 1)
    ended = CustomerSubscriptionCancelled(subscription_id=subscription_id, effective_on=on, voluntary=True)
    return [begun, (400, ended)]
