"""What is said on a ticket: replies, and how content the customer is."""

from dataclasses import replace
from typing import Annotated, ClassVar, Literal, TypeAlias, assert_never

from pydantic import Field

from domain.event import Command, Event, ExternalKey, OptionalPersonalText, PersonalText, Refusal, Text
from domain.phrases import after, said
from domain.ticket.life import TicketReopened, TicketResumed
from domain.ticket.state import Ticket, must_be_wanted, must_not_be_closed, taken_up

Author: TypeAlias = Literal["agent", "customer", "bot"]
"""Who wrote: one of us, the customer's side, or a program, which never counts as an answer."""

Csat = Annotated[int, Field(ge=1, le=5)]
"""How content the customer is, from 1 to 5."""

CUSTOMER_REPLIED = "customer_replied"
"""Why a ticket was resumed or reopened when nobody but the customer did anything."""


class TicketReplied(Event):
    """Somebody wrote on the ticket, to the other side or, when it is not public, only for us to read."""

    is_fact: ClassVar[bool] = True

    author: Author
    body: PersonalText
    public: bool = True
    message_id: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"{'Reply' if self.public else 'Internal note'} of {_author(self)}: {said(self.body)}"


class TicketRated(Event):
    """The customer said how content she is; when she says so again, the last time counts."""

    is_fact: ClassVar[bool] = True

    csat: Csat
    comment: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"Rated {self.csat} of 5{after(': ', self.comment)}"


TalkEvent: TypeAlias = TicketReplied | TicketRated


def evolve_talk(ticket: Ticket, event: TalkEvent) -> Ticket:
    """The ticket after the event."""
    match event:
        case TicketReplied():
            return _replied(ticket, event)
        case TicketRated():
            return replace(ticket, rating=event)
        case _:
            assert_never(event)


class ReplyToTicket(Command):
    """Write on the ticket, or record what was written; `message_id` is what the channel calls the message."""

    author: Author = "agent"
    body: Text
    public: bool = True
    message_id: ExternalKey | None = None


class RateTicket(Command):
    """Record how content the customer is, from 1 to 5; again when she thinks otherwise."""

    csat: Csat
    comment: Text | None = None


class MessageAlreadyRecorded(Refusal):
    """This message is already on the ticket. There is nothing more to record."""


class TicketNotYetSolved(Refusal):
    """This ticket has never been solved. It can be rated once it has been."""


class TicketAlreadyRated(Refusal):
    """This ticket is already rated like that."""


def reply(ticket: Ticket, command: ReplyToTicket) -> tuple[TicketReplied | TicketReopened | TicketResumed, ...]:
    """Replied; what a customer writes also resumes a ticket that waits, and reopens a solved one.

    That holds on hold too: she may say what we ask a third party for. Raises TicketMerged, TicketIsSpam,
    MessageAlreadyRecorded, TicketAlreadyClosed.
    """
    must_be_unheard(ticket, command.message_id)
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


def must_be_unheard(ticket: Ticket, message_id: ExternalKey | None) -> None:
    """Raises TicketMerged, TicketIsSpam, MessageAlreadyRecorded."""
    must_be_wanted(ticket)
    if message_id in ticket.message_ids:
        raise MessageAlreadyRecorded()


def _replied(ticket: Ticket, event: TicketReplied) -> Ticket:
    """The same message twice is one reply; what a bot writes, or what only we read, answers nobody."""
    if event.message_id in ticket.message_ids:
        return ticket
    if isinstance(event.message_id, str):
        ticket = replace(ticket, message_ids=ticket.message_ids | {event.message_id})
    if not event.public or event.author == "bot":
        return ticket
    if event.author == "agent":
        return replace(taken_up(ticket), awaits=None)
    return replace(ticket, awaits=ticket.awaits or "next_reply")


def _author(event: TicketReplied) -> str:
    return {"agent": "an agent", "customer": "the customer", "bot": "a bot"}[event.author]
