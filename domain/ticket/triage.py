"""Who has a ticket, how pressing it is and what it is about."""

from domain.event import Command, MemberId, Refusal, Text, Word
from domain.sla_policy import PRIORITIES, Priority
from domain.ticket.events import (
    HIGHEST_LEVEL,
    Level,
    TicketAssigned,
    TicketCategorised,
    TicketEscalated,
    TicketPriorityLowered,
    TicketPriorityRaised,
)
from domain.ticket.state import Ticket, must_be_unsolved, must_be_wanted, must_not_be_closed


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
    """This ticket is already escalated to level {level}. Choose a higher one."""


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
