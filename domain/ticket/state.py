"""What a ticket is after all that happened to it, as far as the rules need to know."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Literal, NewType, TypeAlias
from uuid import UUID

from domain.custom_field import RecordNoun
from domain.event import CustomerId, Forgotten, MemberId, Refusal, Text, Word
from domain.field_value import FieldValues
from domain.merge import Merges
from domain.sla_policy import Priority, SlaPolicy, SlaTarget
from domain.work import Work

if TYPE_CHECKING:  # beside these events are their rules, which need the state
    from domain.ticket.talk import TicketRated


TicketId = NewType("TicketId", UUID)

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
    rating: "TicketRated | None" = None
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

    def must_not_be_forgotten(self) -> None:
        """Never raises: what lies on a merged ticket goes on there, and forgetting a customer takes no ticket away."""


def taken_up(ticket: Ticket) -> Ticket:
    """With somebody who works on it; not new any more."""
    return replace(ticket, status="open") if ticket.status == "new" else ticket


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
