"""A subscription that brings more or less a month than before (MRR): upgrades and downgrades."""

from typing import TypeAlias, assert_never

from domain.customer.state import Customer
from domain.customer.subscription import (
    MrrNegative,
    SubscriptionCommand,
    SubscriptionRecord,
    must_not_have_ended,
    running_subscription,
    subscribed,
)
from domain.customer.trade_state import Subscription, paying
from domain.event import Refusal, Word
from domain.money import Money, digits, written
from domain.phrases import after, said


class CustomerSubscriptionUpgraded(SubscriptionRecord):
    """The subscription brings more a month than before."""

    plan: Word | None = None
    mrr: Money
    from_mrr: Money | None = None

    def in_words(self) -> str:
        return f"Subscription upgraded{after(' to ', self.plan)} for {said(self.mrr)} a month from {self.effective_on}"


class CustomerSubscriptionDowngraded(SubscriptionRecord):
    """The subscription brings less a month than before."""

    plan: Word | None = None
    mrr: Money
    from_mrr: Money | None = None

    def in_words(self) -> str:
        return (
            f"Subscription downgraded{after(' to ', self.plan)} for {said(self.mrr)} a month from {self.effective_on}"
        )


PlanChangeEvent: TypeAlias = CustomerSubscriptionUpgraded | CustomerSubscriptionDowngraded


def evolve_plan_change(customer: Customer, event: PlanChangeEvent) -> Customer:
    """The customer after the event."""
    known = customer.trade.subscriptions.get(event.subscription_id, Subscription())
    match event:
        case CustomerSubscriptionUpgraded() | CustomerSubscriptionDowngraded():
            return subscribed(customer, event, paying(known, event.effective_on, event.mrr))
        case _:
            assert_never(event)


class UpgradeSubscription(SubscriptionCommand):
    """Record that the subscription brings more a month."""

    plan: Word | None = None
    mrr: Money


class DowngradeSubscription(SubscriptionCommand):
    """Record that the subscription brings less a month."""

    plan: Word | None = None
    mrr: Money


class MrrInOtherCurrency(Refusal):
    """This subscription is paid in {currency}. Cancel it and start another one to change the currency."""


class MrrNotHigher(Refusal):
    """This subscription already brings {mrr} a month. An upgrade brings more; record less as a downgrade."""


class MrrNotLower(Refusal):
    """This subscription brings only {mrr} a month. A downgrade brings less; record more as an upgrade."""


def upgrade_subscription(customer: Customer, command: UpgradeSubscription) -> CustomerSubscriptionUpgraded:
    """Raises what concerns running subscriptions, SubscriptionEndsBefore, MrrInOtherCurrency, MrrNegative,
    MrrNotHigher.
    """
    before = _mrr_before(customer, command)
    _must_be_comparable(before, command.mrr)
    if before is not None and command.mrr.amount <= before.amount:
        raise MrrNotHigher(mrr=written(before))
    return CustomerSubscriptionUpgraded(
        subscription_id=command.subscription_id,
        plan=command.plan,
        mrr=command.mrr,
        from_mrr=before,
        effective_on=command.effective_on,
    )


def downgrade_subscription(customer: Customer, command: DowngradeSubscription) -> CustomerSubscriptionDowngraded:
    """Raises what concerns running subscriptions, SubscriptionEndsBefore, MrrInOtherCurrency, MrrNegative,
    MrrNotLower.
    """
    before = _mrr_before(customer, command)
    _must_be_comparable(before, command.mrr)
    if before is not None and command.mrr.amount >= before.amount:
        raise MrrNotLower(mrr=written(before))
    return CustomerSubscriptionDowngraded(
        subscription_id=command.subscription_id,
        plan=command.plan,
        mrr=command.mrr,
        from_mrr=before,
        effective_on=command.effective_on,
    )


def _mrr_before(customer: Customer, command: SubscriptionCommand) -> Money | None:
    subscription = running_subscription(customer, command)
    must_not_have_ended(subscription, command)
    return subscription.mrr


def _must_be_comparable(before: Money | None, after: Money) -> None:
    if after.amount < 0:
        raise MrrNegative()
    if before is not None and after.currency != before.currency:
        raise MrrInOtherCurrency(currency=before.currency)
    digits(after.currency)
