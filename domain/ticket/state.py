"""What a ticket is after all that happened to it, as far as the rules need to know."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import ClassVar, Literal, TypeAlias, assert_never
from uuid import UUID

from domain.custom_field import RecordNoun
from domain.event import CustomerId, Forgotten, MemberId, Refusal, Text, Word
from domain.field_value import CustomFieldRecorded, FieldValues, with_value
from domain.merge import Absorbed, MergedInto, MergeReverted, Merges, merged
from domain.reattribution import Reattributed
from domain.sla_policy import Priority, SlaPolicy, SlaTarget
from domain.ticket.events import (
    SlaEvent,
    TicketAssigned,
    TicketCategorised,
    TicketClosed,
    TicketEscalated,
    TicketEvent,
    TicketMarkedSpam,
    TicketOpened,
    TicketPriorityLowered,
    TicketPriorityRaised,
    TicketPutOnHold,
    TicketPutPending,
    TicketRated,
    TicketReopened,
    TicketReplied,
    TicketResumed,
    TicketSlaApplied,
    TicketSlaBreached,
    TicketSlaCancelled,
    TicketSlaMet,
    TicketSolved,
)
from domain.undo import EventsUndone
from domain.work import Work, WorkEvent, worked

TicketStatus: TypeAlias = Literal["new", "open", "pending", "on_hold", "solved", "closed"]


@dataclass(frozen=True)
class SlaClock:
    """A target's clock: running when it is due at a moment, paused when it is not; done when it has an outcome."""

    policy: Word
    policy_version: int
    due_at: datetime | None
    remaining_seconds: int
    outcome: Literal["met", "breached", "cancelled"] | None = None


@dataclass(frozen=True)
class Ticket:
    """A ticket now. Every field has a default, because imported histories need not begin with the opening."""

    noun: ClassVar[RecordNoun] = "ticket"

    status: TicketStatus = "new"
    subject: Text | Forgotten | None = None
    channel: Word | None = None
    priority: Priority = "normal"
    category: Word | None = None
    person_id: UUID | None = None
    assignee_id: MemberId | None = None
    team: Word | None = None
    level: int = 0
    awaits: Literal["first_response", "next_reply"] | None = None
    message_ids: frozenset[Text] = frozenset()
    was_solved: bool = False
    rating: TicketRated | None = None
    spam: bool = False
    sla_policy: SlaPolicy | None = None
    clocks: Mapping[SlaTarget, SlaClock] = field(default_factory=dict)
    reattributed_to: CustomerId | None = None
    work: Work = field(default_factory=Work)
    custom_fields: FieldValues = field(default_factory=dict)
    merges: Merges = field(default_factory=Merges)

    def must_be_in_use(self) -> None:
        """Raises TicketMerged."""
        if self.merges.into is not None:
            raise TicketMerged(survivor_id=self.merges.into.survivor_id)


def evolve(ticket: Ticket | None, event: TicketEvent) -> Ticket:
    """The ticket after the event, whatever was recorded before: facts are not judged here."""
    ticket = ticket or Ticket()
    if isinstance(event, WorkEvent):
        return replace(ticket, work=worked(ticket.work, event))
    match event:
        case TicketOpened():
            return replace(
                ticket,
                subject=event.subject,
                channel=event.channel,
                priority=event.priority,
                category=event.category,
                person_id=event.person_id,
                awaits="first_response" if event.inbound else None,
                sla_policy=event.sla_policy,
            )
        case TicketAssigned():
            assigned = replace(ticket, assignee_id=event.assignee_id, team=event.team)
            return _taken_up(assigned) if event.assignee_id or event.team else assigned
        case TicketEscalated():
            return replace(ticket, level=event.level)
        case TicketPriorityRaised() | TicketPriorityLowered():
            return replace(ticket, priority=event.to_priority)
        case TicketCategorised():
            return replace(ticket, category=event.category)
        case TicketReplied():
            return _replied(ticket, event)
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
        case MergedInto() | Absorbed() | MergeReverted():
            return replace(ticket, merges=merged(ticket.merges, event))
        case Reattributed():
            return replace(ticket, reattributed_to=event.to_customer_id)
        case CustomFieldRecorded():
            return replace(ticket, custom_fields=with_value(ticket.custom_fields, event))
        case TicketRated():
            return replace(ticket, rating=event)
        case TicketSlaApplied() | TicketSlaMet() | TicketSlaBreached() | TicketSlaCancelled():
            return replace(ticket, clocks={**ticket.clocks, event.target: _clock(event)})
        case EventsUndone():
            return ticket
        case _:
            assert_never(event)


def _replied(ticket: Ticket, event: TicketReplied) -> Ticket:
    """The same message twice is one reply; what a bot writes, or what only we read, answers nobody."""
    if event.message_id in ticket.message_ids:
        return ticket
    if isinstance(event.message_id, str):
        ticket = replace(ticket, message_ids=ticket.message_ids | {event.message_id})
    if not event.public or event.author == "bot":
        return ticket
    if event.author == "agent":
        return replace(_taken_up(ticket), awaits=None)
    return replace(ticket, awaits=ticket.awaits or "next_reply")


def _taken_up(ticket: Ticket) -> Ticket:
    return replace(ticket, status="open") if ticket.status == "new" else ticket


def _turned(ticket: Ticket, status: TicketStatus) -> Ticket:
    return replace(ticket, status=status, spam=False)


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


class TicketMerged(Refusal):
    """This ticket was merged into the ticket {survivor_id}. Work there, or revert the merge first."""


class TicketIsSpam(Refusal):
    """This ticket was marked as spam. Reopen it first if somebody does need something."""


class TicketAlreadyClosed(Refusal):
    """This ticket is closed for good. Open a follow-up ticket from it if there is more to do."""


class TicketAlreadySolved(Refusal):
    """This ticket is already solved. Reopen it first if it should go on."""


class TicketStillNew(Refusal):
    """Nobody has taken up this ticket yet. Assign it or answer it first."""


def must_be_wanted(ticket: Ticket) -> None:
    """Raises TicketMerged, TicketIsSpam."""
    ticket.must_be_in_use()
    if ticket.spam:
        raise TicketIsSpam()


def must_not_be_closed(ticket: Ticket) -> None:
    """Raises TicketMerged, TicketIsSpam, TicketAlreadyClosed."""
    must_be_wanted(ticket)
    if ticket.status == "closed":
        raise TicketAlreadyClosed()


def must_be_unsolved(ticket: Ticket) -> None:
    """Raises TicketMerged, TicketIsSpam, TicketAlreadyClosed, TicketAlreadySolved."""
    must_not_be_closed(ticket)
    if ticket.status == "solved":
        raise TicketAlreadySolved()


def must_be_in_work(ticket: Ticket) -> None:
    """Raises TicketMerged, TicketIsSpam, TicketAlreadyClosed, TicketAlreadySolved, TicketStillNew."""
    must_be_unsolved(ticket)
    if ticket.status == "new":
        raise TicketStillNew()
