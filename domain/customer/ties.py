"""A customer and others: relations between customers, and two records of the same one, merged and back."""

from datetime import date
from uuid import UUID

from pydantic import Field

from domain.customer.contacts import must_run_forwards
from domain.customer.events import (
    CustomerAbsorbed,
    CustomerMergedInto,
    CustomerRelatedTo,
    CustomerRelationEnded,
    FieldChoice,
    RelationKind,
)
from domain.customer.state import Customer, must_be_in_use, must_not_be_forgotten
from domain.event import Command, CustomerId, Refusal, Text, Word
from domain.merge import MergeCommand, MergeReverted, RevertMerge, must_be_another, reverted


class RelateCustomer(Command):
    """Say what another customer is to this one."""

    other_id: CustomerId
    kind: RelationKind
    valid_from: date | None = None
    valid_to: date | None = None


class EndRelation(Command):
    """Say that another customer is not that to this one any more."""

    other_id: CustomerId
    kind: RelationKind
    valid_to: date | None = None
    reason: Text | None = None


class MergeCustomer(MergeCommand):
    """Merge the customer into another record of the same one; say which values hold where the two differ."""

    field_choices: dict[Word, FieldChoice] = Field(default_factory=dict)


class RelatedToHerself(Refusal):
    """A customer has no relation to herself. Choose the other one."""


class AlreadyRelated(Refusal):
    """The two are already related like this. End that relation first if it is another now."""


class NotRelated(Refusal):
    """The two are not related like this, so there is nothing to end."""


def relate(customer: Customer, command: RelateCustomer, customer_id: CustomerId) -> CustomerRelatedTo:
    """The customer of that id to another; a mirrored relation on the other's history is not recorded.

    Raises CustomerAlreadyForgotten, CustomerMerged, RelatedToHerself, AlreadyRelated, PeriodBackwards.
    """
    must_be_in_use(customer)
    if command.other_id == customer_id:
        raise RelatedToHerself()
    if (command.other_id, command.kind) in customer.relations:
        raise AlreadyRelated()
    must_run_forwards(command.valid_from, command.valid_to)
    return CustomerRelatedTo(
        other_id=command.other_id, kind=command.kind, valid_from=command.valid_from, valid_to=command.valid_to
    )


def end_relation(customer: Customer, command: EndRelation) -> CustomerRelationEnded:
    """Raises CustomerAlreadyForgotten, CustomerMerged, NotRelated, PeriodBackwards."""
    must_be_in_use(customer)
    if (command.other_id, command.kind) not in customer.relations:
        raise NotRelated()
    must_run_forwards(customer.relations[command.other_id, command.kind], command.valid_to)
    return CustomerRelationEnded(
        other_id=command.other_id, kind=command.kind, valid_to=command.valid_to, reason=command.reason
    )


def merge(customer: Customer, command: MergeCustomer, customer_id: CustomerId, merge_id: UUID) -> CustomerMergedInto:
    """What happens to the customer of that id; in one append with what `absorb` says of the survivor.

    Raises CustomerAlreadyForgotten, CustomerMerged, MergedIntoItself.
    """
    must_be_in_use(customer)
    must_be_another(command, customer_id)
    return CustomerMergedInto(
        survivor_id=command.survivor_id,
        merge_id=merge_id,
        field_choices=command.field_choices,
        reason=command.reason,
    )


def absorb(survivor: Customer, command: MergeCustomer, merged_id: CustomerId, merge_id: UUID) -> CustomerAbsorbed:
    """What happens to the survivor when the customer of that id is merged into her.

    No cycles: a survivor that was itself merged is refused. Raises CustomerAlreadyForgotten, CustomerMerged.
    """
    must_be_in_use(survivor)
    return CustomerAbsorbed(merged_id=merged_id, merge_id=merge_id, field_choices=command.field_choices)


def revert_merge(customer: Customer, command: RevertMerge) -> MergeReverted:
    """What happens to either of the two, in one append; also to a survivor who was merged herself since.

    Raises CustomerAlreadyForgotten, UnknownMerge.
    """
    must_not_be_forgotten(customer)
    return reverted(customer.merges, command)
