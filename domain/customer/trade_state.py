"""What a customer has bought, as far as the rules need to know, and what her subscriptions bring a month."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import ClassVar, Literal, TypeAlias
from uuid import UUID

from domain.growing_map import GrowingMap
from domain.money import Currency, Money, sums

SubscriptionStatus: TypeAlias = Literal["active", "paused", "cancelled", "retracted"]


@dataclass(frozen=True)
class Purchase:
    """A purchase; the total is None of one that is only known from its refunds."""

    total: Money | None = None
    refunds: tuple[Money, ...] = ()
    is_retracted: bool = False


Purchases: TypeAlias = GrowingMap[UUID, Purchase]


@dataclass(frozen=True)
class Subscription:
    """A subscription: `mrr` is what was agreed, `paid` what it brings a month from each of these days on."""

    status: SubscriptionStatus = "active"
    mrr: Money | None = None
    effective_on: date | None = None
    ends_on: date | None = None
    paid: tuple[tuple[date, Money], ...] = ()


Subscriptions: TypeAlias = Mapping[UUID, Subscription]


@dataclass(frozen=True)
class Trade:
    """Everything the customer bought."""

    is_apart: ClassVar[bool] = True

    purchases: Purchases = field(default_factory=GrowingMap)
    subscriptions: Subscriptions = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing that was not retracted."""
        return all(purchase.is_retracted for purchase in self.purchases.values()) and all(
            subscription.status == "retracted" for subscription in self.subscriptions.values()
        )


def mrr(trade: Trade, on: date) -> Mapping[Currency, Decimal]:
    """What all subscriptions together bring a month on that day, by currency; a paused one brings nothing."""
    return sums(money for subscription in trade.subscriptions.values() if (money := _paid(subscription, on)))


def with_subscription(trade: Trade, subscription_id: UUID, subscription: Subscription) -> Trade:
    """What was bought, with that subscription as it is now; nothing brings back one that was retracted."""
    known = trade.subscriptions.get(subscription_id)
    if known is not None and known.status == "retracted":
        return trade
    return replace(trade, subscriptions={**trade.subscriptions, subscription_id: subscription})


def paying(subscription: Subscription, on: date, agreed: Money | None) -> Subscription:
    """What is agreed now; a subscription that rests brings nothing all the same."""
    subscription = replace(subscription, mrr=agreed, effective_on=on)
    return _brings(subscription, on, agreed) if agreed and subscription.status == "active" else subscription


def silent(subscription: Subscription, on: date) -> Subscription:
    """It brings nothing from that day on."""
    subscription = replace(subscription, effective_on=on)
    if subscription.mrr is None:
        return subscription
    return _brings(subscription, on, Money(amount=Decimal(), currency=subscription.mrr.currency))


def _brings(subscription: Subscription, on: date, money: Money) -> Subscription:
    # what was said last holds from its day on, whatever was said before of later days
    before = tuple((day, paid) for day, paid in subscription.paid if day < on)
    return replace(subscription, paid=(*before, (on, money)))


def _paid(subscription: Subscription, on: date) -> Money | None:
    return next((money for day, money in reversed(subscription.paid) if day <= on), None)
