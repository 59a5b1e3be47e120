"""What a customer has bought, as far as the rules need to know, and what her subscriptions bring a month."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias, assert_never
from uuid import UUID

from domain.customer.trade_events import (
    CustomerPurchaseRecorded,
    CustomerPurchaseRefunded,
    CustomerPurchaseRetracted,
    CustomerSubscriptionCancellationScheduled,
    CustomerSubscriptionCancelled,
    CustomerSubscriptionDowngraded,
    CustomerSubscriptionPaused,
    CustomerSubscriptionRenewed,
    CustomerSubscriptionResumed,
    CustomerSubscriptionRetracted,
    CustomerSubscriptionStarted,
    CustomerSubscriptionUpgraded,
    PurchaseEvent,
    SubscriptionEvent,
    TradeRetraction,
)
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


def purchased(trade: Trade, event: PurchaseEvent) -> Trade:
    """What was bought after the event about a purchase."""
    purchase = trade.purchases.get(event.purchase_id, Purchase())
    match event:
        case CustomerPurchaseRecorded():
            known = replace(purchase, total=event.total)
        case CustomerPurchaseRefunded():
            known = replace(purchase, refunds=(*purchase.refunds, event.amount))
        case _:
            assert_never(event)
    return replace(trade, purchases=trade.purchases.with_entry(event.purchase_id, known))


def subscribed(trade: Trade, event: SubscriptionEvent) -> Trade:
    """What was bought after the event about a subscription."""
    subscription = _subscription(trade.subscriptions.get(event.subscription_id, Subscription()), event)
    return replace(trade, subscriptions={**trade.subscriptions, event.subscription_id: subscription})


def retracted(trade: Trade, event: TradeRetraction) -> Trade:
    """What was bought after a part of it was taken back; nothing that is recorded later brings it back."""
    match event:
        case CustomerPurchaseRetracted():
            purchase = replace(trade.purchases.get(event.purchase_id, Purchase()), is_retracted=True)
            return replace(trade, purchases=trade.purchases.with_entry(event.purchase_id, purchase))
        case CustomerSubscriptionRetracted():
            gone = Subscription(status="retracted")
            return replace(trade, subscriptions={**trade.subscriptions, event.subscription_id: gone})
        case _:
            assert_never(event)


def _subscription(subscription: Subscription, event: SubscriptionEvent) -> Subscription:
    if subscription.status == "retracted":
        return subscription
    match event:
        case CustomerSubscriptionStarted():
            return _paying(replace(subscription, status="active", ends_on=None), event.effective_on, event.mrr)
        case CustomerSubscriptionUpgraded() | CustomerSubscriptionDowngraded():
            return _paying(subscription, event.effective_on, event.mrr)
        case CustomerSubscriptionPaused():
            return _silent(replace(subscription, status="paused"), event.effective_on)
        case CustomerSubscriptionResumed():
            return _paying(replace(subscription, status="active"), event.effective_on, subscription.mrr)
        case CustomerSubscriptionRenewed():
            return replace(subscription, effective_on=event.effective_on, ends_on=None)
        case CustomerSubscriptionCancellationScheduled():
            return replace(subscription, ends_on=event.effective_on)
        case CustomerSubscriptionCancelled():
            return _silent(replace(subscription, status="cancelled", ends_on=None), event.effective_on)
        case _:
            assert_never(event)


def _paying(subscription: Subscription, on: date, agreed: Money | None) -> Subscription:
    """What is agreed now; a subscription that rests brings nothing all the same."""
    subscription = replace(subscription, mrr=agreed, effective_on=on)
    return _brings(subscription, on, agreed) if agreed and subscription.status == "active" else subscription


def _silent(subscription: Subscription, on: date) -> Subscription:
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
