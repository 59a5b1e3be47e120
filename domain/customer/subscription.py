"""What a customer pays for month by month: subscriptions started, paused, resumed and renewed."""

from dataclasses import replace
from datetime import date
from typing import Annotated, ClassVar, TypeAlias, assert_never
from uuid import UUID

from pydantic import Field

from domain.customer.contact_persons import must_run_forwards
from domain.customer.life import CustomerWonBack
from domain.customer.state import Customer, buying, must_be_in_use, must_not_be_forgotten
from domain.customer.trade_state import Subscription, paying, silent, with_subscription
from domain.event import Command, Event, OptionalPersonalText, Refusal, Text, Word
from domain.money import Money, digits
from domain.phrases import after, said

SUBSCRIPTION_STARTED = "subscription_started"
"""Why a customer is won back when nobody says more than that she subscribed again."""

Months = Annotated[int, Field(ge=0, le=1200)]
"""How long a subscription runs before it has to be renewed."""


class SubscriptionRecord(Event):
    """What is recorded of any change of a subscription: which one, and the day from which on it holds."""

    part_field: ClassVar[str | None] = "subscription_id"

    subscription_id: UUID
    effective_on: date


class CustomerSubscriptionStarted(SubscriptionRecord):
    """The customer pays regularly from now on; MRR is what that comes to in a month."""

    plan: Word
    mrr: Money
    term_months: Months | None = None

    def in_words(self) -> str:
        since = f"from {self.effective_on}{_months(self.term_months)}"
        return f"Subscribed to {self.plan} for {said(self.mrr)} a month {since}"


class CustomerSubscriptionPaused(SubscriptionRecord):
    """The customer neither pays nor gets anything until the subscription is resumed."""

    until: date | None = None
    reason: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"Subscription paused from {self.effective_on}{after(' until ', self.until)}{after(': ', self.reason)}"


class CustomerSubscriptionResumed(SubscriptionRecord):
    """The paused subscription goes on as it was."""

    def in_words(self) -> str:
        return f"Subscription resumed from {self.effective_on}"


class CustomerSubscriptionRenewed(SubscriptionRecord):
    """The subscription goes on for another term; if it was to end, it does not any more."""

    term_months: Months | None = None

    def in_words(self) -> str:
        return f"Subscription renewed from {self.effective_on}{_months(self.term_months)}"


SubscriptionEvent: TypeAlias = (
    CustomerSubscriptionStarted | CustomerSubscriptionPaused | CustomerSubscriptionResumed | CustomerSubscriptionRenewed
)


def evolve_subscription(customer: Customer, event: SubscriptionEvent) -> Customer:
    """The customer after the event."""
    known = customer.trade.subscriptions.get(event.subscription_id, Subscription())
    match event:
        case CustomerSubscriptionStarted():
            started = paying(replace(known, status="active", ends_on=None), event.effective_on, event.mrr)
            return buying(subscribed(customer, event, started))
        case CustomerSubscriptionPaused():
            return subscribed(customer, event, silent(replace(known, status="paused"), event.effective_on))
        case CustomerSubscriptionResumed():
            return subscribed(customer, event, paying(replace(known, status="active"), event.effective_on, known.mrr))
        case CustomerSubscriptionRenewed():
            return subscribed(customer, event, replace(known, effective_on=event.effective_on, ends_on=None))
        case _:
            assert_never(event)


def subscribed(customer: Customer, event: SubscriptionRecord, subscription: Subscription) -> Customer:
    """With the subscription as it is after the event about it."""
    return replace(customer, trade=with_subscription(customer.trade, event.subscription_id, subscription))


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


class PauseSubscription(SubscriptionCommand):
    """Let the subscription rest."""

    until: date | None = None
    reason: Text | None = None


class ResumeSubscription(SubscriptionCommand):
    """Let a paused subscription go on."""


class RenewSubscription(SubscriptionCommand):
    """Record that the subscription goes on for another term, also when it was to end."""

    term_months: Months | None = None


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


class SubscriptionChangedSince(Refusal):
    """This subscription was last changed with effect from {effective_on}. Give that day or a later one."""


class SubscriptionEndsBefore(Refusal):
    """This subscription is to end on {ends_on}. Give an earlier day, or renew the subscription first."""


class MrrNegative(Refusal):
    """A subscription cannot bring less than nothing a month. Check the amount."""


def start_subscription(
    customer: Customer, command: StartSubscription, new_id: UUID
) -> tuple[CustomerSubscriptionStarted | CustomerWonBack, ...]:
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


def pause_subscription(customer: Customer, command: PauseSubscription) -> CustomerSubscriptionPaused:
    """Raises what concerns running subscriptions, SubscriptionEndsBefore, PeriodBackwards."""
    must_not_have_ended(running_subscription(customer, command), command)
    must_run_forwards(command.effective_on, command.until)
    return CustomerSubscriptionPaused(
        subscription_id=command.subscription_id,
        effective_on=command.effective_on,
        until=command.until,
        reason=command.reason,
    )


def resume_subscription(customer: Customer, command: ResumeSubscription) -> CustomerSubscriptionResumed:
    """Raises what concerns live subscriptions, SubscriptionNotPaused, SubscriptionEndsBefore."""
    subscription = live_subscription(customer, command)
    if subscription.status != "paused":
        raise SubscriptionNotPaused()
    must_not_have_ended(subscription, command)
    return CustomerSubscriptionResumed(subscription_id=command.subscription_id, effective_on=command.effective_on)


def renew_subscription(customer: Customer, command: RenewSubscription) -> CustomerSubscriptionRenewed:
    """Raises what concerns running subscriptions."""
    running_subscription(customer, command)
    return CustomerSubscriptionRenewed(
        subscription_id=command.subscription_id, effective_on=command.effective_on, term_months=command.term_months
    )


def standing_subscription(customer: Customer, subscription_id: UUID) -> Subscription:
    """Also on a customer who was merged: what runs there can be ended.

    Raises CustomerAlreadyForgotten, UnknownSubscription, SubscriptionAlreadyRetracted.
    """
    must_not_be_forgotten(customer)
    subscription = customer.trade.subscriptions.get(subscription_id)
    if subscription is None:
        raise UnknownSubscription(subscription_id=subscription_id)
    if subscription.status == "retracted":
        raise SubscriptionAlreadyRetracted(subscription_id=subscription_id)
    return subscription


def live_subscription(customer: Customer, command: SubscriptionCommand) -> Subscription:
    """Raises CustomerAlreadyForgotten, UnknownSubscription, SubscriptionAlreadyRetracted,
    SubscriptionAlreadyCancelled, SubscriptionChangedSince.
    """
    subscription = standing_subscription(customer, command.subscription_id)
    if subscription.status == "cancelled":
        raise SubscriptionAlreadyCancelled()
    if subscription.effective_on is not None and command.effective_on < subscription.effective_on:
        raise SubscriptionChangedSince(effective_on=subscription.effective_on)
    return subscription


def running_subscription(customer: Customer, command: SubscriptionCommand) -> Subscription:
    """A live one that is not paused; raises also SubscriptionIsPaused."""
    subscription = live_subscription(customer, command)
    if subscription.status == "paused":
        raise SubscriptionIsPaused()
    return subscription


def must_not_have_ended(subscription: Subscription, command: SubscriptionCommand) -> None:
    """By the day of the command, where a cancellation is scheduled; raises SubscriptionEndsBefore."""
    if subscription.ends_on is not None and command.effective_on >= subscription.ends_on:
        raise SubscriptionEndsBefore(ends_on=subscription.ends_on)


def _months(months: int | None) -> str:
    return "" if months is None else f" for {months} months"
