"""A ticket and others: two tickets about the same, merged and back; filed under another customer."""

from dataclasses import replace
from typing import TypeAlias, assert_never
from uuid import UUID

from domain.event import Refusal
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
from domain.reattribution import Reattributed
from domain.ticket.state import Ticket, TicketId, must_be_wanted

TieEvent: TypeAlias = MergeEvent | Reattributed


def evolve_ties(ticket: Ticket, event: TieEvent) -> Ticket:
    """The ticket after the event."""
    match event:
        case MergedInto() | Absorbed() | MergeReverted():
            return replace(ticket, merges=merged(ticket.merges, event))
        case Reattributed():
            return replace(ticket, reattributed_to=event.to_customer_id)
        case _:
            assert_never(event)


class MergeTicket(MergeCommand):
    """Merge the ticket into another one that is about the same."""


class SurvivorNotOpen(Refusal):
    """The ticket to merge into is solved or closed, or was merged itself. Choose one that is still worked on."""


def merge(ticket: Ticket, command: MergeTicket, ticket_id: TicketId, merge_id: UUID) -> MergedInto:
    """What happens to the ticket of that id, also once closed, as doubles are found late.

    In one append with what `absorb` says of the survivor. Raises TicketMerged, TicketIsSpam, MergedIntoItself.
    """
    must_be_wanted(ticket)
    must_be_another(command, ticket_id)
    return MergedInto(survivor_id=command.survivor_id, merge_id=merge_id, reason=command.reason)


def absorb(survivor: Ticket, command: MergeTicket, merged_id: TicketId, merge_id: UUID) -> Absorbed:
    """What happens to the survivor when the ticket of that id is merged into it.

    No cycles: a survivor that was itself merged is refused. Raises SurvivorNotOpen.
    """
    if survivor.status in ("solved", "closed") or survivor.merges.into is not None:
        raise SurvivorNotOpen()
    return Absorbed(merged_id=merged_id, merge_id=merge_id)


def revert_merge(ticket: Ticket, command: RevertMerge) -> MergeReverted:
    """What happens to either of the two, in one append; raises UnknownMerge."""
    return reverted(ticket.merges, command)
