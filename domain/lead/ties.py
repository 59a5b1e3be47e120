"""A lead and others: its prospect becomes a customer or turns out to be one; two records of the same deal, merged."""

from dataclasses import dataclass, replace
from typing import ClassVar, TypeAlias, assert_never
from uuid import UUID

from pydantic import Field

from domain import customer as customers
from domain.customer import Customer, CustomerAbsorbed, CustomerMergedInto, FieldChoice
from domain.event import Command, CustomerId, Event, OptionalPersonalText, Refusal, Text, Word
from domain.lead.state import Lead, LeadAlreadyClosed
from domain.merge import (
    Absorbed,
    MergeCommand,
    MergedInto,
    MergeEvent,
    MergeReverted,
    RevertMerge,
    merged,
    must_be_another,
    reverted,
)
from domain.phrases import after
from domain.reattribution import Reattributed
from domain.workspace import Workspace


class LeadConverted(Event):
    """The prospect became a customer in her own right, or is the one of that id, into whom that merge brought her."""

    can_be_undone: ClassVar[bool] = False

    customer_id: CustomerId | None = None
    # without one, she lived on there already
    merge_id: UUID | None = None

    def in_words(self) -> str:
        return f"Became a customer{after(', the same as customer ', self.customer_id)}"


class LeadConversionReverted(Event):
    """The prospect had not become a customer after all; the merge is the one of her conversion."""

    can_be_undone: ClassVar[bool] = False

    merge_id: UUID | None = None
    reason: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"Did not become a customer after all{after(': ', self.reason)}"


TieEvent: TypeAlias = LeadConverted | LeadConversionReverted | MergeEvent | Reattributed


def evolve_ties(lead: Lead, event: TieEvent) -> Lead:
    """The lead after the event."""
    match event:
        case LeadConverted():
            return replace(lead, conversion=event)
        case LeadConversionReverted():
            return replace(lead, conversion=None)
        case MergedInto() | Absorbed() | MergeReverted():
            return replace(lead, merges=merged(lead.merges, event))
        case Reattributed():
            return replace(lead, reattributed_to=event.to_customer_id)
        case _:
            assert_never(event)


class ConvertLead(Command):
    """Make the prospect a customer in her own right."""


class ConvertLeadInto(Command):
    """Say that the prospect is a customer whom we know already; say which values hold where the two differ."""

    customer_id: CustomerId
    field_choices: dict[Word, FieldChoice] = Field(default_factory=dict)
    reason: Text | None = None


class RevertConversion(Command):
    """Take back that the prospect became a customer."""

    reason: Text | None = None


class MergeLead(MergeCommand):
    """Merge the lead into another record of the same deal."""


class LeadAlreadyConverted(Refusal):
    """The prospect of this lead is already a customer."""


class LeadNotConverted(Refusal):
    """The prospect of this lead has not become a customer, so there is nothing to revert."""


@dataclass(frozen=True)
class Conversion:
    """What one append holds: on the lead's history, on the prospect's, and on that of the customer whom she was."""

    lead: LeadConverted
    prospect: CustomerMergedInto | None = None
    customer: CustomerAbsorbed | None = None


@dataclass(frozen=True)
class RevertedConversion:
    """What one append holds: on the lead's history, on the prospect's, and on that of the customer whom she was not."""

    lead: LeadConversionReverted
    prospect: MergeReverted | None = None
    customer: MergeReverted | None = None


def convert(lead: Lead, command: ConvertLead) -> LeadConverted:
    """While open or once won; raises LeadMerged, LeadAlreadyConverted, LeadAlreadyClosed."""
    _must_be_convertible(lead)
    return LeadConverted()


def convert_into(
    lead: Lead,
    command: ConvertLeadInto,
    prospect_id: CustomerId,
    prospect: Customer,
    customer: Customer,
    merge_id: UUID,
    root_id: CustomerId,
    workspace: Workspace,
) -> Conversion:
    """While open or once won: the prospect of that id is merged into the customer, unless she lives on there already.

    The prospect is the customer to whom the lead belongs now (`reattributed_to`), and the root is who she is by now,
    through however many merges. Raises what `convert` does, CustomerAlreadyForgotten, CustomerMerged,
    MergedIntoItself, NoFieldToChoose.
    """
    _must_be_convertible(lead)
    if prospect.merges.into is not None and root_id == command.customer_id:
        return Conversion(LeadConverted(customer_id=command.customer_id))
    merge = customers.MergeCustomer(
        survivor_id=command.customer_id, field_choices=command.field_choices, reason=command.reason
    )
    return Conversion(
        LeadConverted(customer_id=command.customer_id, merge_id=merge_id),
        customers.merge(prospect, merge, prospect_id, merge_id, workspace),
        customers.absorb(customer, merge, prospect_id, merge_id),
    )


def revert_conversion(
    lead: Lead, command: RevertConversion, prospect: Customer, customer: Customer
) -> RevertedConversion:
    """With the merge that brought the prospect into the customer, both named by `lead.conversion`, if it still stands.

    Where she became one in her own right, neither is asked. Other leads of the prospect stay converted.
    Raises LeadMerged, LeadNotConverted, CustomerAlreadyForgotten.
    """
    lead.must_be_in_use()
    if lead.conversion is None:
        raise LeadNotConverted()
    merge_id = lead.conversion.merge_id
    taken_back = LeadConversionReverted(merge_id=merge_id, reason=command.reason)
    into = prospect.merges.into
    if into is None or into.merge_id != merge_id:
        return RevertedConversion(taken_back)
    undo = RevertMerge(merge_id=into.merge_id, reason=command.reason)
    return RevertedConversion(
        taken_back, customers.revert_merge(prospect, undo), customers.revert_merge(customer, undo)
    )


def merge(lead: Lead, command: MergeLead, lead_id: UUID, merge_id: UUID) -> MergedInto:
    """What happens to the lead of that id, whatever became of it; in one append with what `absorb` says.

    Raises LeadMerged, MergedIntoItself.
    """
    lead.must_be_in_use()
    must_be_another(command, lead_id)
    return MergedInto(survivor_id=command.survivor_id, merge_id=merge_id, reason=command.reason)


def absorb(survivor: Lead, command: MergeLead, merged_id: UUID, merge_id: UUID) -> Absorbed:
    """What happens to the survivor when the lead of that id is merged into it.

    No cycles: a survivor that was itself merged is refused. Raises LeadMerged.
    """
    survivor.must_be_in_use()
    return Absorbed(merged_id=merged_id, merge_id=merge_id)


def revert_merge(lead: Lead, command: RevertMerge) -> MergeReverted:
    """What happens to either of the two, in one append; raises UnknownMerge."""
    return reverted(lead.merges, command)


def _must_be_convertible(lead: Lead) -> None:
    lead.must_be_in_use()
    if lead.conversion is not None:
        raise LeadAlreadyConverted()
    if lead.status in ("lost", "disqualified"):
        raise LeadAlreadyClosed(status=lead.status)
