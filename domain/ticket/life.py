"""A ticket's life: put pending or on hold, resumed, solved, reopened, closed; spam."""

from dataclasses import replace
from typing import TypeAlias, assert_never

from domain.event import Command, Event, OptionalPersonalText, Refusal, Text, Word
from domain.phrases import after, why
from domain.ticket.state import Ticket, TicketStatus, must_be_in_work, must_be_unsolved, must_not_be_closed


class TicketPutPending(Event):
    """We wait for the customer; the clocks stand still."""

    waiting_for: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"Waiting for the customer{after(': ', self.waiting_for)}"


class TicketPutOnHold(Event):
    """We wait for a third party; the clocks stand still."""

    waiting_for: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"Waiting for a third party{after(': ', self.waiting_for)}"


class TicketResumed(Event):
    """We wait no longer, because the customer replied or somebody says so."""

    cause: Word | None = None
    reason: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"Resumed{why(self.cause, self.reason)}"


class TicketSolved(Event):
    """The customer has what she needed, as far as we know."""

    resolution: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"Solved{after(': ', self.resolution)}"


class TicketReopened(Event):
    """A solved ticket is open again, or one that was no spam after all."""

    cause: Word | None = None
    reason: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"Reopened{why(self.cause, self.reason)}"


class TicketClosed(Event):
    """A solved ticket is closed for good: what the customer writes now opens a follow-up ticket."""

    cause: Word | None = None

    def in_words(self) -> str:
        return f"Closed{why(self.cause, None)}"


class TicketMarkedSpam(Event):
    """Nobody needs anything: the ticket is closed, and counts nowhere."""

    def in_words(self) -> str:
        return "Marked as spam"


LifeEvent: TypeAlias = (
    TicketPutPending | TicketPutOnHold | TicketResumed | TicketSolved | TicketReopened | TicketClosed | TicketMarkedSpam
)


def evolve_life(ticket: Ticket, event: LifeEvent) -> Ticket:
    """The ticket after the event."""
    match event:
        case TicketPutPending():
            return _turned(ticket, "pending")
        case TicketPutOnHold():
            return _turned(ticket, "on_hold")
        case TicketResumed() | TicketReopened():
            return _turned(ticket, "open")
        case TicketSolved():
            return replace(_turned(ticket, "solved"), awaits=None, was_solved=True)
        case TicketClosed():
            return replace(_turned(ticket, "closed"), awaits=None, was_solved=True)
        case TicketMarkedSpam():
            return replace(ticket, status="closed", spam=True)
        case _:
            assert_never(event)


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


class TicketAlreadyWaiting(Refusal):
    """This ticket already waits for {whom}."""


class TicketNotWaiting(Refusal):
    """This ticket waits for nobody. Only one that is pending or on hold can be resumed."""


class TicketNotSolved(Refusal):
    """This ticket is not solved. Only a solved ticket can be closed or reopened."""


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


def _must_be_solved(ticket: Ticket) -> None:
    must_not_be_closed(ticket)
    if ticket.status != "solved":
        raise TicketNotSolved()


def _turned(ticket: Ticket, status: TicketStatus) -> Ticket:
    return replace(ticket, status=status, spam=False)
