"""What a customer pays for month by month: subscriptions from start to end, and what they bring (MRR)."""

from datetime import date
from uuid import UUID

from domain.customer.events import CustomerChurned, CustomerEvent, CustomerWonBack
from domain.customer.state import Customer, must_be_in_use
from domain.customer.trade_events import (
    CustomerSubscriptionCancellationScheduled,
    CustomerSubscriptionCancelled,
    CustomerSubscriptionDowngraded,
    CustomerSubscriptionPaused,
    CustomerSubscriptionRenewed,
    CustomerSubscriptionResumed,
    CustomerSubscriptionStarted,
    CustomerSubscriptionUpgraded,
    Months,
)
from domain.customer.trade_state import Subscription
from domain.event import Command, Refusal, Text, Word
from domain.money import Money, digits, written

SUBSCRIPTION_STARTED = "subscription_started"
"""Why a customer is won back when nobody says more than that she subscribed again."""


class SubscriptionCommand(Command):
    """Change a subscription from a day on."""

    subscription_id: UUID
    effective_on: date


class StartSubscription(Command):
    """Record that the customer pays regularly from a day on; MRR is what that comes to in a month."""

    subscription_id: UUID | None = None
    plan: Word
    mrr: Money
    term_months: Months | None = None
    effective_on: date


class UpgradeSubscription(SubscriptionCommand):
    """Record that the subscription brings more a month."""

    plan: Word | None = None
    mrr: Money


class DowngradeSubscription(SubscriptionCommand):
    """Record that the subscription brings less a month."""

    plan: Word | None = None
    mrr: Money


class PauseSubscription(SubscriptionCommand):
    """Let the subscription rest."""

    until: date | None = None
    reason: Text | None = None


class ResumeSubscription(SubscriptionCommand):
    """Let a paused subscription go on."""


class RenewSubscription(SubscriptionCommand):
    """Record that the subscription goes on for another term, also when it was to end."""

    term_months: Months | None = None


class ScheduleCancellation(SubscriptionCommand):
    """Record on which day the subscription will end."""

    voluntary: bool = True
    reason: Text | None = None


class CancelSubscription(SubscriptionCommand):
    """Record that the subscription has ended."""

    voluntary: bool = True
    reason: Text | None = None


class SubscriptionAlreadyStarted(Refusal):
    """There is already a subscription {subscription_id} here. Leave out the id to start another."""


class UnknownSubscription(Refusal):
    """There is no subscription {subscription_id} here. Check that it was started on this customer."""


class SubscriptionAlreadyCancelled(Refusal):
    """This subscription has ended. Start a new one if the customer subscribes again."""


class SubscriptionAlreadyRetracted(Refusal):
    """The subscription {subscription_id} was retracted. Start it anew if this customer did subscribe."""


class SubscriptionIsPaused(Refusal):
    """This subscription is paused. Resume it first."""


class SubscriptionNotPaused(Refusal):
    """This subscription is not paused, so there is nothing to resume."""


class CancellationAlreadyScheduled(Refusal):
    """This subscription is already to end on {ends_on}."""


class SubscriptionChangedSince(Refusal):
    """This subscription was last changed with effect from {effective_on}. Give that day or a later one."""


class MrrNegative(Refusal):
    """A subscription cannot bring less than nothing a month. Check the amount."""


class MrrInOtherCurrency(Refusal):
    """This subscription is paid in {currency}. Cancel it and start another one to change the currency."""


class MrrNotHigher(Refusal):
    """This subscription already brings {mrr} a month. An upgrade brings more; record less as a downgrade."""


class MrrNotLower(Refusal):
    """This subscription brings only {mrr} a month. A downgrade brings less; record more as an upgrade."""


def start_subscription(customer: Customer, command: StartSubscription, new_id: UUID) -> tuple[CustomerEvent, ...]:
    """Started, under the command's own id, else under `new_id`; and won back, if the customer had left.

    Raises CustomerAlreadyForgotten, CustomerMerged, SubscriptionAlreadyStarted, MrrNegative, UnknownCurrency.
    """
    must_be_in_use(customer)
    subscription_id = command.subscription_id or new_id
    if subscription_id in customer.trade.subscriptions:
        raise SubscriptionAlreadyStarted(subscription_id=subscription_id)
    if command.mrr.amount < 0:
        raise MrrNegative()
    digits(command.mrr.currency)
    started = CustomerSubscriptionStarted(
        subscription_id=subscription_id,
        plan=command.plan,
        mrr=command.mrr,
        term_months=command.term_months,
        effective_on=command.effective_on,
    )
    won_back = (CustomerWonBack(cause=SUBSCRIPTION_STARTED),) if customer.status == "churned" else ()
    return (started, *won_back)


def upgrade_subscription(customer: Customer, command: UpgradeSubscription) -> CustomerSubscriptionUpgraded:
    """Raises what concerns running subscriptions, MrrInOtherCurrency, MrrNotHigher."""
    before = _running(customer, command).mrr
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
    """Raises what concerns running subscriptions, MrrInOtherCurrency, MrrNegative, MrrNotLower."""
    before = _running(customer, command).mrr
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


def pause_subscription(customer: Customer, command: PauseSubscription) -> CustomerSubscriptionPaused:
    """Raises what concerns running subscriptions."""
    _running(customer, command)
    return CustomerSubscriptionPaused(
        subscription_id=command.subscription_id,
        effective_on=command.effective_on,
        until=command.until,
        reason=command.reason,
    )


def resume_subscription(customer: Customer, command: ResumeSubscription) -> CustomerSubscriptionResumed:
    """Raises what concerns live subscriptions, SubscriptionNotPaused."""
    if _live(customer, command).status != "paused":
        raise SubscriptionNotPaused()
    return CustomerSubscriptionResumed(subscription_id=command.subscription_id, effective_on=command.effective_on)


def renew_subscription(customer: Customer, command: RenewSubscription) -> CustomerSubscriptionRenewed:
    """Raises what concerns running subscriptions."""
    _running(customer, command)
    return CustomerSubscriptionRenewed(
        subscription_id=command.subscription_id, effective_on=command.effective_on, term_months=command.term_months
    )


def schedule_cancellation(
    customer: Customer, command: ScheduleCancellation
) -> CustomerSubscriptionCancellationScheduled:
    """Also once scheduled, to another day; raises what concerns live subscriptions, CancellationAlreadyScheduled."""
    if _live(customer, command).ends_on == command.effective_on:
        raise CancellationAlreadyScheduled(ends_on=command.effective_on)
    return CustomerSubscriptionCancellationScheduled(
        subscription_id=command.subscription_id,
        effective_on=command.effective_on,
        voluntary=command.voluntary,
        reason=command.reason,
    )


def cancel_subscription(customer: Customer, command: CancelSubscription) -> tuple[CustomerEvent, ...]:
    """Cancelled; with the last subscription the customer has churned. Raises what concerns live subscriptions."""
    _live(customer, command)
    cancelled = CustomerSubscriptionCancelled(
        subscription_id=command.subscription_id,
        effective_on=command.effective_on,
        voluntary=command.voluntary,
        reason=command.reason,
    )
    others = (
        subscription.status
        for subscription_id, subscription in customer.trade.subscriptions.items()
        if subscription_id != command.subscription_id
    )
    if customer.status == "churned" or any(status in ("active", "paused") for status in others):
        return (cancelled,)
    return (cancelled, CustomerChurned(kind="contractual", effective_on=command.effective_on, reason=command.reason))


def _live(customer: Customer, command: SubscriptionCommand) -> Subscription:
    """Raises CustomerAlreadyForgotten, CustomerMerged, UnknownSubscription, SubscriptionAlreadyRetracted,
    SubscriptionAlreadyCancelled, SubscriptionChangedSince.
    """
    subscription = standing_subscription(customer, command.subscription_id)
    if subscription.status == "cancelled":
        raise SubscriptionAlreadyCancelled()
    if subscription.effective_on is not None and command.effective_on < subscription.effective_on:
        raise SubscriptionChangedSince(effective_on=subscription.effective_on)
    return subscription


def standing_subscription(customer: Customer, subscription_id: UUID) -> Subscription:
    """Raises CustomerAlreadyForgotten, CustomerMerged, UnknownSubscription, SubscriptionAlreadyRetracted."""
    must_be_in_use(customer)
    subscription = customer.trade.subscriptions.get(subscription_id)
    if subscription is None:
        raise UnknownSubscription(subscription_id=subscription_id)
    if subscription.status == "retracted":
        raise SubscriptionAlreadyRetracted(subscription_id=subscription_id)
    return subscription


def _running(customer: Customer, command: SubscriptionCommand) -> Subscription:
    """A live one that is not paused; raises also SubscriptionIsPaused."""
    subscription = _live(customer, command)
    if subscription.status == "paused":
        raise SubscriptionIsPaused()
    return subscription


def _must_be_comparable(before: Money | None, after: Money) -> None:
    if after.amount < 0:
        raise MrrNegative()
    if before is not None and after.currency != before.currency:
        raise MrrInOtherCurrency(currency=before.currency)
    digits(after.currency)
