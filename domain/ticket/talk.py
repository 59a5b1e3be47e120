"""What is said on a ticket: replies, the follow-up ticket once it is closed, and how content the customer is."""

from domain.event import Command, ExternalKey, Refusal, Text, Word
from domain.sla_policy import Priority, SlaPolicy
from domain.ticket.events import (
    Author,
    Csat,
    TicketEvent,
    TicketId,
    TicketOpened,
    TicketRated,
    TicketReopened,
    TicketReplied,
    TicketResumed,
)
from domain.ticket.state import Ticket, must_be_wanted, must_not_be_closed

CUSTOMER_REPLIED = "customer_replied"
"""Why a ticket was resumed or reopened when nobody but the customer did anything."""


class ReplyToTicket(Command):
    """Write on the ticket, or record what was written; `message_id` is what the channel calls the message."""

    author: Author = "agent"
    body: Text
    public: bool = True
    message_id: ExternalKey | None = None


class OpenFollowUpTicket(Command):
    """Open a new ticket from a closed one, mostly because the customer replied to it."""

    body: Text
    message_id: ExternalKey | None = None
    subject: Text | None = None
    channel: Word | None = None
    priority: Priority = "normal"
    inbound: bool = True


class RateTicket(Command):
    """Record how content the customer is, from 1 to 5; again when she thinks otherwise."""

    csat: Csat
    comment: Text | None = None


class MessageAlreadyRecorded(Refusal):
    """This message is already on the ticket. There is nothing more to record."""


class TicketNotClosed(Refusal):
    """This ticket is not closed. Reply to it instead of opening a follow-up ticket."""


class SubjectNeeded(Refusal):
    """The subject of the earlier ticket is not known any more. Say what the follow-up ticket is about."""


class TicketNotYetSolved(Refusal):
    """This ticket has never been solved. It can be rated once it has been."""


class TicketAlreadyRated(Refusal):
    """This ticket is already rated like that."""


def reply(ticket: Ticket, command: ReplyToTicket) -> tuple[TicketEvent, ...]:
    """Replied; what a customer writes also resumes a ticket that waits, and reopens a solved one.

    That holds on hold too: she may say what we ask a third party for. Raises TicketMerged, TicketIsSpam,
    MessageAlreadyRecorded, TicketAlreadyClosed.
    """
    _must_be_unheard(ticket, command.message_id)
    must_not_be_closed(ticket)
    replied = TicketReplied(
        author=command.author, body=command.body, public=command.public, message_id=command.message_id
    )
    if command.author != "customer" or not command.public:
        return (replied,)
    if ticket.status == "solved":
        return (replied, TicketReopened(cause=CUSTOMER_REPLIED))
    if ticket.status in ("pending", "on_hold"):
        return (replied, TicketResumed(cause=CUSTOMER_REPLIED))
    return (replied,)


def open_follow_up(
    closed: Ticket, closed_id: TicketId, command: OpenFollowUpTicket, policy: SlaPolicy | None
) -> tuple[TicketEvent, ...]:
    """What begins the new ticket: opened after the closed one, with its subject, category and person; replied.

    Nobody has it yet, and its priority is judged anew. Raises TicketMerged, TicketIsSpam, MessageAlreadyRecorded,
    TicketNotClosed, SubjectNeeded.
    """
    _must_be_unheard(closed, command.message_id)
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


def rate(ticket: Ticket, command: RateTicket) -> TicketRated:
    """Once it has been solved, also when it is open again; the last rating counts, as customers think again.

    Raises TicketMerged, TicketIsSpam, TicketNotYetSolved, TicketAlreadyRated.
    """
    must_be_wanted(ticket)
    if not ticket.was_solved:
        raise TicketNotYetSolved()
    rated = TicketRated(csat=command.csat, comment=command.comment)
    if rated == ticket.rating:
        raise TicketAlreadyRated()
    return rated


def _must_be_unheard(ticket: Ticket, message_id: ExternalKey | None) -> None:
    must_be_wanted(ticket)
    if message_id in ticket.message_ids:
        raise MessageAlreadyRecorded()
