"""How a ticket begins: opened by a customer or for her, or from an earlier ticket that is closed."""

from dataclasses import replace
from typing import ClassVar, TypeAlias, assert_never
from uuid import UUID

from pydantic import Field

from domain.customer import CustomerKind
from domain.event import (
    Command,
    CustomerId,
    Event,
    ExternalKey,
    MemberId,
    PersonalText,
    PersonalTexts,
    Refusal,
    Text,
    Word,
)
from domain.phrases import after, said
from domain.sla_policy import Priority, SlaPolicy
from domain.ticket.state import Ticket, TicketId
from domain.ticket.talk import Author, TicketReplied, must_be_unheard
from domain.ticket.triage import TicketAssigned


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

    def in_words(self) -> str:
        return f"Opened{after(' by ', self.channel)} with priority {self.priority}: {said(self.subject)}"


IntakeEvent: TypeAlias = TicketOpened


def evolve_intake(ticket: Ticket, event: IntakeEvent) -> Ticket:
    """The ticket after the event."""
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
        case _:
            assert_never(event)


Opening: TypeAlias = TicketOpened | TicketReplied | TicketAssigned
"""What can come of opening a ticket."""


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


class OpenFollowUpTicket(Command):
    """Open a new ticket from a closed one, mostly because the customer replied to it."""

    body: Text
    message_id: ExternalKey | None = None
    subject: Text | None = None
    channel: Word | None = None
    priority: Priority = "normal"
    inbound: bool = True


class TicketNotClosed(Refusal):
    """This ticket is not closed. Reply to it instead of opening a follow-up ticket."""


class SubjectNeeded(Refusal):
    """The subject of the earlier ticket is not known any more. Say what the follow-up ticket is about."""


def open_ticket(command: OpenTicket, policy: SlaPolicy | None) -> tuple[Opening, ...]:
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
    events: list[Opening] = [opened]
    if command.body is not None:
        author: Author = "customer" if command.inbound else "agent"
        events.append(TicketReplied(author=author, body=command.body, message_id=command.message_id))
    if command.assignee_id or command.team:
        events.append(TicketAssigned(assignee_id=command.assignee_id, team=command.team))
    return tuple(events)


def open_follow_up(
    closed: Ticket, closed_id: TicketId, command: OpenFollowUpTicket, policy: SlaPolicy | None
) -> tuple[Opening, ...]:
    """What begins the new ticket: opened after the closed one, with its subject, category and person; replied.

    Nobody has it yet, and its priority is judged anew. Raises TicketMerged, TicketIsSpam, MessageAlreadyRecorded,
    TicketNotClosed, SubjectNeeded.
    """
    must_be_unheard(closed, command.message_id)
    if closed.status != "closed":
        raise TicketNotClosed()
    subject = command.subject or closed.subject
    if not isinstance(subject, str):
        raise SubjectNeeded()
    opened = TicketOpened(
        subject=subject,
        channel=command.channel or closed.channel,
        priority=command.priority,
        category=closed.category,
        person_id=closed.person_id,
        inbound=command.inbound,
        follows=closed_id,
        sla_policy=policy,
    )
    author: Author = "customer" if command.inbound else "agent"
    return (opened, TicketReplied(author=author, body=command.body, message_id=command.message_id))
