"""What was recorded on the wrong customer: taken back, or taken back here and recorded anew on the right one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from domain.customer.cancellation import CustomerSubscriptionRetracted, RetractSubscription, retract_subscription
from domain.customer.history import CustomerEvent
from domain.customer.purchase import CustomerPurchaseRetracted, RetractPurchase, retract_purchase
from domain.customer.state import Customer
from domain.event import Command, CustomerId, Refusal, Text
from domain.follow_up import FollowUpRetracted, RetractFollowUp
from domain.interaction import InteractionRetracted, RetractInteraction
from domain.reattribution import AlreadyAttributed
from domain.work import retract_follow_up, retract_interaction

PartRetracted: TypeAlias = (
    InteractionRetracted | FollowUpRetracted | CustomerPurchaseRetracted | CustomerSubscriptionRetracted
)


class ReattributePart(Command):
    """Say to which customer an interaction, follow-up, purchase or subscription really belongs."""

    part_id: UUID
    to_customer_id: CustomerId
    reason: Text | None = None


class UnknownPart(Refusal):
    """There is no interaction, follow-up, purchase or subscription {part_id} here. Check the id and the customer."""


@dataclass(frozen=True)
class ReattributedPart:
    """What one append holds: here the retraction, there all that was recorded, each with the moment it happened."""

    here: PartRetracted
    there: tuple[tuple[CustomerEvent, datetime], ...]


def reattribute_part(
    customer: Customer,
    command: ReattributePart,
    customer_id: CustomerId,
    to: Customer,
    history: Iterable[tuple[CustomerEvent, datetime]],
    new_id: UUID,
) -> ReattributedPart:
    """The part's whole history, under a new id there, because the old one stays taken where it comes back one day.

    `history` are the events of the customer of that id with their moments, at least those about the part. What is
    recorded there may predate the last change of state: it corrects that history. Whether either customer is active,
    at risk or churned now is for people to say. Raises CustomerAlreadyForgotten, CustomerMerged, AlreadyAttributed,
    UnknownPart, and what the retraction does.
    """
    here = _retracted(customer, command)
    if command.to_customer_id == customer_id:
        raise AlreadyAttributed(customer_id=customer_id)
    to.must_be_in_use()
    name = str(here.part_field)
    there = tuple(
        (event.model_copy(update={name: new_id}), at)
        for event, at in history
        if event.part_field == name and getattr(event, name) == command.part_id
    )
    return ReattributedPart(here, there)


def _retracted(customer: Customer, command: ReattributePart) -> PartRetracted:
    customer.must_not_be_forgotten()
    part_id, reason = command.part_id, command.reason
    if part_id in customer.work.interactions:
        return retract_interaction(customer, RetractInteraction(interaction_id=part_id, reason=reason))
    if part_id in customer.work.follow_ups:
        return retract_follow_up(customer, RetractFollowUp(task_id=part_id, reason=reason))
    if part_id in customer.trade.purchases:
        return retract_purchase(customer, RetractPurchase(purchase_id=part_id, reason=reason))
    if part_id in customer.trade.subscriptions:
        return retract_subscription(customer, RetractSubscription(subscription_id=part_id, reason=reason))
    raise UnknownPart(part_id=part_id)
