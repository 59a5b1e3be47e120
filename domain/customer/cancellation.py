"""How a subscription ends: to end on a day, ended; or retracted, as if it had never been."""

from dataclasses import replace
from datetime import date
from typing import ClassVar, TypeAlias, assert_never
from uuid import UUID

from domain.customer.life import CustomerChurned
from domain.customer.state import Customer, not_buying
from domain.customer.subscription import (
    SubscriptionCommand,
    SubscriptionRecord,
    live_subscription,
    standing_subscription,
    subscribed,
)
from domain.customer.trade_state import Subscription, silent, with_subscription
from domain.event import Command, Event, OptionalPersonalText, Refusal, Text
from domain.phrases import after


class CustomerSubscriptionCancellationScheduled(SubscriptionRecord):
    """The subscription will end on that day; until then all is as it was."""

    voluntary: bool = True
    reason: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"Subscription to end on {self.effective_on}{_wanted(self)}{after(': ', self.reason)}"


class CustomerSubscriptionCancelled(SubscriptionRecord):
    """The subscription has ended: the customer wanted it so, or did not pay and the like."""

    voluntary: bool = True
    reason: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"Subscription ended on {self.effective_on}{_wanted(self)}{after(': ', self.reason)}"


class CustomerSubscriptionRetracted(Event):
    """A subscription was recorded that never was, or not of this customer; no day of it counts."""

    part_field: ClassVar[str | None] = "subscription_id"

    subscription_id: UUID
    reason: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"Subscription retracted{after(': ', self.reason)}"


CancellationEvent: TypeAlias = (
    CustomerSubscriptionCancellationScheduled | CustomerSubscriptionCancelled | CustomerSubscriptionRetracted
)


def evolve_cancellation(customer: Customer, event: CancellationEvent) -> Customer:
    """The customer after the event."""
    known = customer.trade.subscriptions.get(event.subscription_id, Subscription())
    match event:
        case CustomerSubscriptionCancellationScheduled():
            return subscribed(customer, event, replace(known, ends_on=event.effective_on))
        case CustomerSubscriptionCancelled():
            ended = silent(replace(known, status="cancelled", ends_on=None), event.effective_on)
            return subscribed(customer, event, ended)
        case CustomerSubscriptionRetracted():
            gone = with_subscription(customer.trade, event.subscription_id, Subscription(status="retracted"))
            return not_buying(replace(customer, trade=gone))
        case _:
            assert_never(event)


class ScheduleCancellation(SubscriptionCommand):
    """Record on which day the subscription will end."""

    voluntary: bool = True
    reason: Text | None = None


class CancelSubscription(SubscriptionCommand):
    """Record that the subscription has ended."""

    voluntary: bool = True
    reason: Text | None = None


class RetractSubscription(Command):
    """Take back a subscription that never was, or not of this customer."""

    subscription_id: UUID
    reason: Text | None = None


class CancellationAlreadyScheduled(Refusal):
    """This subscription is already to end on {ends_on}."""


class SubscriptionNotEndedYet(Refusal):
    """A subscription that is to end on {effective_on} has not ended yet. Schedule the cancellation for that day."""


def schedule_cancellation(
    customer: Customer, command: ScheduleCancellation
) -> CustomerSubscriptionCancellationScheduled:
    """Also once scheduled, to another day; raises what concerns live subscriptions, CancellationAlreadyScheduled."""
    if live_subscription(customer, command).ends_on == command.effective_on:
        raise CancellationAlreadyScheduled(ends_on=command.effective_on)
    return CustomerSubscriptionCancellationScheduled(
        subscription_id=command.subscription_id,
        effective_on=command.effective_on,
        voluntary=command.voluntary,
        reason=command.reason,
    )


def cancel_subscription(
    customer: Customer, command: CancelSubscription, today: date
) -> tuple[CustomerSubscriptionCancelled | CustomerChurned, ...]:
    """Cancelled; with the last subscription the customer has churned.

    Where records of her were merged, the others may hold subscriptions too: whether she left is for people to say.
    Raises what concerns live subscriptions, SubscriptionNotEndedYet.
    """
    live_subscription(customer, command)
    if command.effective_on > today:
        raise SubscriptionNotEndedYet(effective_on=command.effective_on)
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
    is_merged = customer.merges.into is not None or customer.merges.absorbed
    if is_merged or customer.status == "churned" or any(status in ("active", "paused") for status in others):
        return (cancelled,)
    return (cancelled, CustomerChurned(kind="contractual", effective_on=command.effective_on, reason=command.reason))


def retract_subscription(customer: Customer, command: RetractSubscription) -> CustomerSubscriptionRetracted:
    """Also once it has ended; nobody has churned by that.

    Raises CustomerAlreadyForgotten, UnknownSubscription, SubscriptionAlreadyRetracted.
    """
    standing_subscription(customer, command.subscription_id)
    return CustomerSubscriptionRetracted(subscription_id=command.subscription_id, reason=command.reason)


def _wanted(event: CustomerSubscriptionCancellationScheduled | CustomerSubscriptionCancelled) -> str:
    return "" if event.voluntary else ", not because the customer wanted it"
