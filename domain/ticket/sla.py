"""What a ticket was promised: its targets, as they are applied, met, breached or cancelled."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, ClassVar, Literal, TypeAlias, assert_never

from pydantic import Field

from domain.event import Command, Event, Moment, Refusal, Word
from domain.phrases import after, said
from domain.sla_policy import SlaTarget
from domain.ticket.state import SlaClock, Ticket

RemainingSeconds = Annotated[int, Field(ge=0)]
"""Business seconds left until a target is due."""


class SlaRecord(Event):
    """What is recorded of a target: which one, and under which version of which policy."""

    is_fact: ClassVar[bool] = True

    policy: Word
    policy_version: int
    target: SlaTarget


class TicketSlaApplied(SlaRecord):
    """From now on a target holds, or is due at another moment; while its clock is paused, it is not due at all."""

    clock: Literal["running", "paused"]
    due_at: Moment | None = None
    remaining_seconds: RemainingSeconds

    def in_words(self) -> str:
        return _applied(self)


class TicketSlaMet(SlaRecord):
    """What was promised was done in time."""

    due_at: Moment
    remaining_seconds: RemainingSeconds

    def in_words(self) -> str:
        return f"{_target(self)} in time, due {said(self.due_at)}"


class TicketSlaBreached(SlaRecord):
    """What was promised was not done when it was due."""

    due_at: Moment

    def in_words(self) -> str:
        return f"{_target(self)} overdue since {said(self.due_at)}"


class TicketSlaCancelled(SlaRecord):
    """What was promised is not owed any more: the ticket was solved unanswered, merged, spam, or of less priority."""

    due_at: Moment
    remaining_seconds: RemainingSeconds

    def in_words(self) -> str:
        return f"{_target(self)} not owed any more"


SlaEvent: TypeAlias = TicketSlaApplied | TicketSlaMet | TicketSlaBreached | TicketSlaCancelled


def evolve_sla(ticket: Ticket, event: SlaEvent) -> Ticket:
    """The ticket after the event."""
    match event:
        case TicketSlaApplied() | TicketSlaMet() | TicketSlaBreached() | TicketSlaCancelled():
            return replace(ticket, clocks={**ticket.clocks, event.target: _clock(event)})
        case _:
            assert_never(event)


class BreachSla(Command):
    """Record that a target was not reached when it was due."""

    target: SlaTarget


class SlaNotRunning(Refusal):
    """This ticket has no {target} that is due: it was met, breached, cancelled or never promised, or it is paused."""


class SlaNotYetDue(Refusal):
    """The {target} of this ticket is due at {due_at}, which has not passed."""


def breach_sla(ticket: Ticket, command: BreachSla, at: datetime) -> TicketSlaBreached:
    """By whoever watches the time, after the moment it was due; raises TicketMerged, SlaNotRunning, SlaNotYetDue."""
    ticket.must_be_in_use()
    clock = ticket.clocks.get(command.target)
    if clock is None or clock.due_at is None:
        raise SlaNotRunning(target=command.target.replace("_", " "))
    if at <= clock.due_at:
        raise SlaNotYetDue(target=command.target.replace("_", " "), due_at=clock.due_at.isoformat())
    return breached(command.target, clock, clock.due_at)


def breached(target: SlaTarget, clock: SlaClock, due_at: datetime) -> TicketSlaBreached:
    """The target was not reached when it was due."""
    return TicketSlaBreached(policy=clock.policy, policy_version=clock.policy_version, target=target, due_at=due_at)


def _clock(event: SlaEvent) -> SlaClock:
    match event:
        case TicketSlaApplied():
            due_at = event.due_at if event.clock == "running" else None
            return SlaClock(event.policy, event.policy_version, due_at, event.remaining_seconds)
        case TicketSlaMet():
            return SlaClock(event.policy, event.policy_version, None, event.remaining_seconds, "met")
        case TicketSlaBreached():
            return SlaClock(event.policy, event.policy_version, None, 0, "breached")
        case TicketSlaCancelled():
            return SlaClock(event.policy, event.policy_version, None, event.remaining_seconds, "cancelled")
        case _:
            assert_never(event)


def _applied(event: TicketSlaApplied) -> str:
    return f"{_target(event)} {'paused' if event.clock == 'paused' else 'due'}{after(' ', event.due_at)}"


def _target(event: SlaRecord) -> str:
    return event.target.replace("_", " ").capitalize()
