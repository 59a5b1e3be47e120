"""What can happen to a ticket, from the first message to closed and after."""

from typing import Annotated, ClassVar, Literal, NewType, TypeAlias
from uuid import UUID

from pydantic import Field

from domain.event import Event, MemberId, Moment, OptionalPersonalText, PersonalText, PersonalTexts, Word
from domain.field_value import CustomFieldRecorded
from domain.merge import MergeEvent
from domain.reattribution import Reattributed
from domain.sla_policy import Priority, SlaPolicy, SlaTarget
from domain.undo import EventsUndone
from domain.work import WorkEvent

TicketId = NewType("TicketId", UUID)

Author: TypeAlias = Literal["agent", "customer", "bot"]
"""Who wrote: one of us, the customer's side, or a program, which never counts as an answer."""

HIGHEST_LEVEL = 9
Level = Annotated[int, Field(ge=1, le=HIGHEST_LEVEL)]
"""How far up a ticket was escalated."""

Csat = Annotated[int, Field(ge=1, le=5)]
"""How content the customer is, from 1 to 5."""

RemainingSeconds = Annotated[int, Field(ge=0)]
"""Business seconds left until a target is due."""


class TicketOpened(Event):
    """A customer needs something, or an agent says so for her; the service level policy of that moment is kept."""

    begins_history: ClassVar[bool] = True

    subject: PersonalText
    channel: Word | None = None
    priority: Priority = "normal"
    category: Word | None = None
    person_id: UUID | None = None
    inbound: bool = True
    follows: TicketId | None = None
    sla_policy: SlaPolicy | None = None
    external_ids: PersonalTexts = Field(default_factory=dict)


class TicketAssigned(Event):
    """The ticket is now somebody's, or a team's; without either, nobody's."""

    assignee_id: MemberId | None = None
    team: Word | None = None
    rule: Word | None = None


class TicketEscalated(Event):
    """The ticket needs more than those who had it can give: it went up to this level."""

    level: Level
    cause: Word | None = None
    reason: OptionalPersonalText = None


class TicketPriorityRaised(Event):
    """The ticket is more pressing than before."""

    from_priority: Priority
    to_priority: Priority
    reason: OptionalPersonalText = None


class TicketPriorityLowered(Event):
    """The ticket is less pressing than before."""

    from_priority: Priority
    to_priority: Priority
    reason: OptionalPersonalText = None


class TicketCategorised(Event):
    """The ticket is about this; without a category, about nothing we have a word for."""

    category: Word | None = None


class TicketReplied(Event):
    """Somebody wrote on the ticket, to the other side or, when it is not public, only for us to read."""

    is_fact: ClassVar[bool] = True

    author: Author
    body: PersonalText
    public: bool = True
    message_id: OptionalPersonalText = None


class TicketPutPending(Event):
    """We wait for the customer; the clocks stand still."""

    waiting_for: OptionalPersonalText = None


class TicketPutOnHold(Event):
    """We wait for a third party; the clocks stand still."""

    waiting_for: OptionalPersonalText = None


class TicketResumed(Event):
    """We wait no longer, because the customer replied or somebody says so."""

    cause: Word | None = None
    reason: OptionalPersonalText = None


class TicketSolved(Event):
    """The customer has what she needed, as far as we know."""

    resolution: OptionalPersonalText = None


class TicketReopened(Event):
    """A solved ticket is open again, or one that was no spam after all."""

    cause: Word | None = None
    reason: OptionalPersonalText = None


class TicketClosed(Event):
    """A solved ticket is closed for good: what the customer writes now opens a follow-up ticket."""

    cause: Word | None = None


class TicketMarkedSpam(Event):
    """Nobody needs anything: the ticket is closed, and counts nowhere."""


class TicketRated(Event):
    """The customer said how content she is; when she says so again, the last time counts."""

    is_fact: ClassVar[bool] = True

    csat: Csat
    comment: OptionalPersonalText = None


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


class TicketSlaMet(SlaRecord):
    """What was promised was done in time."""

    due_at: Moment
    remaining_seconds: RemainingSeconds


class TicketSlaBreached(SlaRecord):
    """What was promised was not done when it was due."""

    due_at: Moment


class TicketSlaCancelled(SlaRecord):
    """What was promised is not owed any more: the ticket was solved unanswered, merged, spam, or of less priority."""

    due_at: Moment
    remaining_seconds: RemainingSeconds


SlaEvent: TypeAlias = TicketSlaApplied | TicketSlaMet | TicketSlaBreached | TicketSlaCancelled

TicketEvent: TypeAlias = (
    TicketOpened
    | TicketAssigned
    | TicketEscalated
    | TicketPriorityRaised
    | TicketPriorityLowered
    | TicketCategorised
    | TicketReplied
    | TicketPutPending
    | TicketPutOnHold
    | TicketResumed
    | TicketSolved
    | TicketReopened
    | TicketClosed
    | TicketMarkedSpam
    | TicketRated
    | SlaEvent
    | MergeEvent
    | Reattributed
    | CustomFieldRecorded
    | WorkEvent
    | EventsUndone
)
