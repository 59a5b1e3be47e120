"""Who has a ticket, how pressing it is and what it is about."""

from dataclasses import replace
from typing import Annotated, TypeAlias, assert_never

from pydantic import Field

from domain.event import Command, Event, MemberId, OptionalPersonalText, Refusal, Text, Word
from domain.phrases import after, assigned, why
from domain.sla_policy import PRIORITIES, Priority
from domain.ticket.state import Ticket, must_be_unsolved, must_be_wanted, must_not_be_closed, taken_up

HIGHEST_LEVEL = 9
Level = Annotated[int, Field(ge=1, le=HIGHEST_LEVEL)]
"""How far up a ticket was escalated."""


class TicketAssigned(Event):
    """The ticket is now somebody's, or a team's; without either, nobody's."""

    assignee_id: MemberId | None = None
    team: Word | None = None
    rule: Word | None = None

    def in_words(self) -> str:
        return assigned(self.assignee_id, self.team, self.rule)


class TicketEscalated(Event):
    """The ticket needs more than those who had it can give: it went up to this level."""

    level: Level
    cause: Word | None = None
    reason: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"Escalated to level {self.level}{why(self.cause, self.reason)}"


class TicketPriorityRaised(Event):
    """The ticket is more pressing than before."""

    from_priority: Priority
    to_priority: Priority
    reason: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"Priority raised from {self.from_priority} to {self.to_priority}{after(': ', self.reason)}"


class TicketPriorityLowered(Event):
    """The ticket is less pressing than before."""

    from_priority: Priority
    to_priority: Priority
    reason: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"Priority lowered from {self.from_priority} to {self.to_priority}{after(': ', self.reason)}"


class TicketCategorised(Event):
    """The ticket is about this; without a category, about nothing we have a word for."""

    category: Word | None = None

    def in_words(self) -> str:
        return f"Category: {self.category or 'none'}"


TriageEvent: TypeAlias = (
    TicketAssigned | TicketEscalated | TicketPriorityRaised | TicketPriorityLowered | TicketCategorised
)


def evolve_triage(ticket: Ticket, event: TriageEvent) -> Ticket:
    """The ticket after the event."""
    match event:
        case TicketAssigned():
            assigned = replace(ticket, assignee_id=event.assignee_id, team=event.team)
            return taken_up(assigned) if event.assignee_id or event.team else assigned
        case TicketEscalated():
            return replace(ticket, level=event.level)
        case TicketPriorityRaised() | TicketPriorityLowered():
            return replace(ticket, priority=event.to_priority)
        case TicketCategorised():
            return replace(ticket, category=event.category)
        case _:
            assert_never(event)


class AssignTicket(Command):
    """Hand the ticket to somebody or to a team; to nobody when both are left out."""

    assignee_id: MemberId | None = None
    team: Word | None = None
    rule: Word | None = None


class EscalateTicket(Command):
    """Take the ticket up to a level, the next one when none is given."""

    level: Level | None = None
    cause: Word | None = None
    reason: Text | None = None


class RaiseTicketPriority(Command):
    """Say that the ticket is more pressing."""

    to_priority: Priority
    reason: Text | None = None


class LowerTicketPriority(Command):
    """Say that the ticket is less pressing."""

    to_priority: Priority
    reason: Text | None = None


class CategoriseTicket(Command):
    """Say what the ticket is about."""

    category: Word | None = None


class TicketAlreadyAssigned(Refusal):
    """This ticket is already assigned like that. Name another member or team."""


class TicketAlreadyEscalated(Refusal):
    """This ticket is already escalated to level {level}. Choose a higher one, up to 9, or work on it there."""


class PriorityNotHigher(Refusal):
    """The priority of this ticket is {priority}, and {to_priority} is not higher."""


class PriorityNotLower(Refusal):
    """The priority of this ticket is {priority}, and {to_priority} is not lower."""


class TicketAlreadyCategorised(Refusal):
    """This ticket already has that category."""


def assign(ticket: Ticket, command: AssignTicket) -> TicketAssigned:
    """Until it is closed; raises TicketMerged, TicketIsSpam, TicketAlreadyClosed, TicketAlreadyAssigned."""
    must_not_be_closed(ticket)
    if (command.assignee_id, command.team) == (ticket.assignee_id, ticket.team):
        raise TicketAlreadyAssigned()
    return TicketAssigned(assignee_id=command.assignee_id, team=command.team, rule=command.rule)


def escalate(ticket: Ticket, command: EscalateTicket) -> TicketEscalated:
    """Only upwards; raises what `must_be_unsolved` does, and TicketAlreadyEscalated."""
    must_be_unsolved(ticket)
    level = min(ticket.level + 1, HIGHEST_LEVEL) if command.level is None else command.level
    if level <= ticket.level:
        raise TicketAlreadyEscalated(level=ticket.level)
    return TicketEscalated(level=level, cause=command.cause, reason=command.reason)


def raise_priority(ticket: Ticket, command: RaiseTicketPriority) -> TicketPriorityRaised:
    """Raises what `must_be_unsolved` does, and PriorityNotHigher."""
    must_be_unsolved(ticket)
    if _rank(command.to_priority) <= _rank(ticket.priority):
        raise PriorityNotHigher(priority=ticket.priority, to_priority=command.to_priority)
    return TicketPriorityRaised(from_priority=ticket.priority, to_priority=command.to_priority, reason=command.reason)


def lower_priority(ticket: Ticket, command: LowerTicketPriority) -> TicketPriorityLowered:
    """Raises what `must_be_unsolved` does, and PriorityNotLower."""
    must_be_unsolved(ticket)
    if _rank(command.to_priority) >= _rank(ticket.priority):
        raise PriorityNotLower(priority=ticket.priority, to_priority=command.to_priority)
    return TicketPriorityLowered(from_priority=ticket.priority, to_priority=command.to_priority, reason=command.reason)


def categorise(ticket: Ticket, command: CategoriseTicket) -> TicketCategorised:
    """Also once closed, for figures by category; raises TicketMerged, TicketIsSpam, TicketAlreadyCategorised."""
    must_be_wanted(ticket)
    if command.category == ticket.category:
        raise TicketAlreadyCategorised()
    return TicketCategorised(category=command.category)


def _rank(priority: Priority) -> int:
    return PRIORITIES.index(priority)
