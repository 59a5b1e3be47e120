"""A ticket's life: opened, put pending or on hold, resumed, solved, reopened, closed; spam; merged and back."""

from uuid import UUID

from pydantic import Field

from domain.customer import CustomerKind
from domain.event import Command, CustomerId, ExternalKey, MemberId, Refusal, Text, Word
from domain.merge import (
    Absorbed,
    MergeCommand,
    MergedInto,
    MergeReverted,
    RevertMerge,
    must_be_another,
    reverted,
)
from domain.sla_policy import Priority, SlaPolicy
from domain.ticket.events import (
    Author,
    TicketAssigned,
    TicketClosed,
    TicketEvent,
    TicketId,
    TicketMarkedSpam,
    TicketOpened,
    TicketPutOnHold,
    TicketPutPending,
    TicketReopened,
    TicketReplied,
    TicketResumed,
    TicketSolved,
)
from domain.ticket.state import (
    Ticket,
    must_be_in_work,
    must_be_unsolved,
    must_be_wanted,
    must_not_be_closed,
)


class OpenTicket(Command):
    """Take up what a known customer or somebody new needs; `inbound` is false when one of us begins."""

    subject: Text
    body: Text | None = None
    message_id: ExternalKey | None = None
    customer_id: CustomerId | None = None
    customer_name: Text | None = None
    customer_kind: CustomerKind = "person"
    person_id: UUID | None = None
    channel: Word | None = None
    priority: Priority = "normal"
    category: Word | None = None
    inbound: bool = True
    external_ids: dict[Word, ExternalKey] = Field(default_factory=dict)
    assignee_id: MemberId | None = None
    team: Word | None = None


class PutTicketPending(Command):
    """Say that we wait for the customer."""

    waiting_for: Text | None = None


class PutTicketOnHold(Command):
    """Say that we wait for a third party."""

    waiting_for: Text | None = None


class ResumeTicket(Command):
    """Say that we wait no longer."""

    cause: Word | None = None
    reason: Text | None = None


class SolveTicket(Command):
    """Say that the customer has what she needed."""

    resolution: Text | None = None


class ReopenTicket(Command):
    """Open a solved ticket again, or one that was no spam after all."""

    cause: Word | None = None
    reason: Text | None = None


class CloseTicket(Command):
    """Close a solved ticket for good."""

    cause: Word | None = None


class MarkTicketSpam(Command):
    """Close a ticket in which nobody needs anything."""


class MergeTicket(MergeCommand):
    """Merge the ticket into another one that is about the same."""


class TicketAlreadyWaiting(Refusal):
    """This ticket already waits for {whom}."""


class TicketNotWaiting(Refusal):
    """This ticket waits for nobody. Only one that is pending or on hold can be resumed."""


class TicketNotSolved(Refusal):
    """This ticket is not solved. Only a solved ticket can be closed or reopened."""


class SurvivorNotOpen(Refusal):
    """The ticket to merge into is closed, or was merged itself. Choose one that is still worked on."""


def open_ticket(command: OpenTicket, policy: SlaPolicy | None) -> tuple[TicketEvent, ...]:
    """Opened under that policy, then replied to with the first message and assigned, when these are given."""
    opened = TicketOpened(
        subject=command.subject,
        channel=command.channel,
        priority=command.priority,
        category=command.category,
        person_id=command.person_id,
        inbound=command.inbound,
        sla_policy=policy,
        external_ids=command.external_ids,
    )
    events: list[TicketEvent] = [opened]
    if command.body is not None:
        author: Author = "customer" if command.inbound else "agent"
        events.append(TicketReplied(author=author, body=command.body, message_id=command.message_id))
    if command.assignee_id or command.team:
        events.append(TicketAssigned(assignee_id=command.assignee_id, team=command.team))
    return tuple(events)


def put_pending(ticket: Ticket, command: PutTicketPending) -> TicketPutPending:
    """From open or on hold; raises what `must_be_in_work` does, and TicketAlreadyWaiting."""
    must_be_in_work(ticket)
    if ticket.status == "pending":
        raise TicketAlreadyWaiting(whom="the customer")
    return TicketPutPending(waiting_for=command.waiting_for)


def put_on_hold(ticket: Ticket, command: PutTicketOnHold) -> TicketPutOnHold:
    """From open or pending; raises what `must_be_in_work` does, and TicketAlreadyWaiting."""
    must_be_in_work(ticket)
    if ticket.status == "on_hold":
        raise TicketAlreadyWaiting(whom="a third party")
    return TicketPutOnHold(waiting_for=command.waiting_for)


def resume(ticket: Ticket, command: ResumeTicket) -> TicketResumed:
    """Raises what `must_be_unsolved` does, and TicketNotWaiting."""
    must_be_unsolved(ticket)
    if ticket.status not in ("pending", "on_hold"):
        raise TicketNotWaiting()
    return TicketResumed(cause=command.cause, reason=command.reason)


def solve(ticket: Ticket, command: SolveTicket) -> TicketSolved:
    """Raises what `must_be_in_work` does."""
    must_be_in_work(ticket)
    return TicketSolved(resolution=command.resolution)


def reopen(ticket: Ticket, command: ReopenTicket) -> TicketReopened:
    """A solved ticket, or one marked as spam; raises TicketMerged, TicketAlreadyClosed, TicketNotSolved."""
    ticket.must_be_in_use()
    if not ticket.spam:
        _must_be_solved(ticket)
    return TicketReopened(cause=command.cause, reason=command.reason)


def close(ticket: Ticket, command: CloseTicket) -> TicketClosed:
    """Raises TicketMerged, TicketIsSpam, TicketAlreadyClosed, TicketNotSolved."""
    _must_be_solved(ticket)
    return TicketClosed(cause=command.cause)


def mark_spam(ticket: Ticket, command: MarkTicketSpam) -> TicketMarkedSpam:
    """Raises TicketMerged, TicketIsSpam, TicketAlreadyClosed."""
    must_not_be_closed(ticket)
    return TicketMarkedSpam()


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
    if survivor.status == "closed" or survivor.merges.into is not None:
        raise SurvivorNotOpen()
    return Absorbed(merged_id=merged_id, merge_id=merge_id)


def revert_merge(ticket: Ticket, command: RevertMerge) -> MergeReverted:
    """What happens to either of the two, in one append; raises UnknownMerge."""
    return reverted(ticket.merges, command)


def _must_be_solved(ticket: Ticket) -> None:
    must_not_be_closed(ticket)
    if ticket.status != "solved":
        raise TicketNotSolved()
