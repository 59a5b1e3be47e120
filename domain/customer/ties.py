"""A customer and others: relations between customers, and two records of the same one, merged and back."""

from dataclasses import replace
from datetime import date
from typing import Literal, TypeAlias, assert_never
from uuid import UUID

from pydantic import Field

from domain.customer.contact_persons import must_run_forwards
from domain.customer.state import Customer, RelationKind, must_be_in_use, must_not_be_forgotten
from domain.event import Command, CustomerId, Event, OptionalPersonalText, Refusal, Text, Word
from domain.merge import (
    Absorbed,
    MergeCommand,
    MergedInto,
    MergeReverted,
    RevertMerge,
    merged,
    must_be_another,
    reverted,
)
from domain.phrases import after, during
from domain.workspace import Workspace

FieldChoice: TypeAlias = Literal["survivor", "merged"]
"""Whose value of a field holds after a merge."""

PROFILE_FIELDS: tuple[Word, ...] = ("kind", "name", "source", "owner", "segment", "industry", "size", "tier")
"""Of which fields one value or the other can be chosen, beside the workspace's custom fields."""


class CustomerRelatedTo(Event):
    """The other customer is the parent, supplier, employer or the like of this one."""

    other_id: CustomerId
    kind: RelationKind
    valid_from: date | None = None
    valid_to: date | None = None

    def in_words(self) -> str:
        return f"Customer {self.other_id} is {self.kind}{during(self.valid_from, self.valid_to)}"


class CustomerRelationEnded(Event):
    """The other customer is not that to this one any more."""

    other_id: CustomerId
    kind: RelationKind
    valid_to: date | None = None
    reason: OptionalPersonalText = None

    def in_words(self) -> str:
        until = after(" from ", self.valid_to)
        return f"Customer {self.other_id} is no longer {self.kind}{until}{after(': ', self.reason)}"


class CustomerMergedInto(MergedInto):
    """The customer is the same as another one, in whose history she lives on."""

    field_choices: dict[Word, FieldChoice] = Field(default_factory=dict)

    def in_words(self) -> str:
        return f"Merged into customer {self.survivor_id}{after(': ', self.reason)}"


class CustomerAbsorbed(Absorbed):
    """Another customer is the same as this one and lives on here."""

    field_choices: dict[Word, FieldChoice] = Field(default_factory=dict)

    def in_words(self) -> str:
        return f"Customer {self.merged_id} is the same and lives on here"


TieEvent: TypeAlias = CustomerRelatedTo | CustomerRelationEnded | CustomerMergedInto | CustomerAbsorbed | MergeReverted


def evolve_ties(customer: Customer, event: TieEvent) -> Customer:
    """The customer after the event."""
    match event:
        case CustomerRelatedTo():
            return replace(customer, relations={**customer.relations, (event.other_id, event.kind): event.valid_from})
        case CustomerRelationEnded():
            ended = (event.other_id, event.kind)
            return replace(customer, relations={key: day for key, day in customer.relations.items() if key != ended})
        case CustomerMergedInto() | CustomerAbsorbed() | MergeReverted():
            return replace(customer, merges=merged(customer.merges, event))
        case _:
            assert_never(event)


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


class NoFieldToChoose(Refusal):
    """There is a choice for something that is no field of a customer. The fields are: {fields}."""


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
    """Raises CustomerAlreadyForgotten, NotRelated, PeriodBackwards."""
    must_not_be_forgotten(customer)
    if (command.other_id, command.kind) not in customer.relations:
        raise NotRelated()
    must_run_forwards(customer.relations[command.other_id, command.kind], command.valid_to)
    return CustomerRelationEnded(
        other_id=command.other_id, kind=command.kind, valid_to=command.valid_to, reason=command.reason
    )


def merge(
    customer: Customer, command: MergeCustomer, customer_id: CustomerId, merge_id: UUID, workspace: Workspace
) -> CustomerMergedInto:
    """What happens to the customer of that id; in one append with what `absorb` says of the survivor.

    Raises CustomerAlreadyForgotten, CustomerMerged, MergedIntoItself, NoFieldToChoose.
    """
    must_be_in_use(customer)
    must_be_another(command, customer_id)
    custom = tuple(field_id for noun, field_id in workspace.custom_fields if noun == "customer")
    for name in command.field_choices:
        if name not in (*PROFILE_FIELDS, *custom):
            raise NoFieldToChoose(fields=", ".join((*PROFILE_FIELDS, *custom)))
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
