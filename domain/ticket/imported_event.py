"""What a row of a foreign log says happened to a ticket, and the event that it becomes, whatever our rules say."""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce
from typing import Literal, TypeAlias, assert_never
from uuid import UUID

from pydantic import Field

from domain.event import ExternalKey, Frozen, MemberId, Moment, Refusal, Text, Word
from domain.imported import AGAINST_OUR_RULES, ImportedFact, Past
from domain.interaction import InteractionLogged
from domain.sla_policy import PRIORITIES, Priority
from domain.ticket.history import TicketEvent, evolve
from domain.ticket.intake import TicketOpened
from domain.ticket.life import (
    CloseTicket,
    PutTicketOnHold,
    PutTicketPending,
    ReopenTicket,
    ResumeTicket,
    SolveTicket,
    TicketClosed,
    TicketPutOnHold,
    TicketPutPending,
    TicketReopened,
    TicketResumed,
    TicketSolved,
    close,
    put_on_hold,
    put_pending,
    reopen,
    resume,
    solve,
)
from domain.ticket.state import Ticket
from domain.ticket.talk import ReplyToTicket, TicketReplied, reply
from domain.ticket.triage import (
    AssignTicket,
    LowerTicketPriority,
    RaiseTicketPriority,
    TicketAssigned,
    TicketPriorityLowered,
    TicketPriorityRaised,
    assign,
    lower_priority,
    raise_priority,
)

NO_DATE, OUT_OF_ORDER = "no_date", "out_of_order"

Activity: TypeAlias = Literal[
    "opened",
    "assigned",
    "priority",
    "replied",
    "customer_replied",
    "pending",
    "on_hold",
    "resumed",
    "solved",
    "reopened",
    "closed",
    "note",
]
"""What happened, in our words; a note is anything that we have no word for."""


class ImportedActivity(Frozen):
    """One thing that happened to a ticket, as the row has it, with what a first row says of the ticket."""

    activity: Activity
    happened_at: Moment | None = None
    text: Text | None = None
    priority: Priority | None = None
    subject: Text
    category: Word | None = None
    channel: Word | None = None
    external_ids: dict[Word, ExternalKey] = Field(default_factory=dict)


def reconcile(
    history: Sequence[Past],
    wanted: ImportedActivity,
    assignee_id: MemberId | None,
    row_id: UUID,
    nth: int,
    imported_at: datetime,
) -> list[ImportedFact]:
    """What the row adds; nothing when an import recorded the `nth` of the same already.

    The first row of a ticket opens it, whatever else it says. A transition that our rules refuse is recorded and
    flagged, as is what the file has behind something later. Nothing is added to a ticket that was merged into another.
    """
    ticket = reduce(evolve, _events(history), Ticket())
    if ticket.merges.into is not None:
        return []
    happened = _event(ticket, wanted, assignee_id, row_id)
    # what has the row's own id is not taken for another that says the same
    needed = 1 if isinstance(happened, InteractionLogged | TicketReplied) else nth
    if sum(_is_told(past, wanted, happened) for past in history) >= needed:
        return []
    at = wanted.happened_at or imported_at
    flags = () if wanted.happened_at else (NO_DATE,)
    opened = TicketOpened(
        subject=wanted.subject,
        channel=wanted.channel,
        category=wanted.category,
        priority=wanted.priority or "normal",
        external_ids=wanted.external_ids,
    )
    if not any(isinstance(past.event, TicketOpened) for past in history):
        opening = ImportedFact(opened, at, flags)
        if wanted.activity == "opened":
            return [opening]
        ticket = evolve(ticket, opened)
        happened = _event(ticket, wanted, assignee_id, row_id)
        return [opening, ImportedFact(happened, at, _odd(ticket, happened))]
    late = any(not past.event.is_fact and past.occurred_at > at for past in history) and not happened.is_fact
    odd = (*_odd(ticket, happened), *((OUT_OF_ORDER,) if late else ()))
    return [ImportedFact(happened, at, (*flags, *odd))]


def _events(history: Sequence[Past]) -> list[TicketEvent]:
    events: list[TicketEvent] = []
    for past in history:
        assert isinstance(past.event, TicketEvent)
        events.append(past.event)
    return events


def _event(ticket: Ticket, wanted: ImportedActivity, assignee_id: MemberId | None, row_id: UUID) -> TicketEvent:
    match wanted.activity:
        case "assigned":
            return TicketAssigned(assignee_id=assignee_id)
        case "priority" if wanted.priority not in (None, ticket.priority):
            return _priority(ticket, wanted.priority or ticket.priority, wanted.text)
        case "replied" | "customer_replied":
            author: Literal["agent", "customer"] = "agent" if wanted.activity == "replied" else "customer"
            return TicketReplied(author=author, body=wanted.text or wanted.activity, message_id=str(row_id))
        case "pending":
            return TicketPutPending(waiting_for=wanted.text)
        case "on_hold":
            return TicketPutOnHold(waiting_for=wanted.text)
        case "resumed":
            return TicketResumed(reason=wanted.text)
        case "solved":
            return TicketSolved(resolution=wanted.text)
        case "reopened":
            return TicketReopened(reason=wanted.text)
        case "closed":
            return TicketClosed()
        case "opened" | "priority" | "note":
            return InteractionLogged(interaction_id=row_id, kind="note", summary=wanted.text or wanted.activity)
        case _:
            assert_never(wanted.activity)


def _priority(ticket: Ticket, to: Priority, reason: Text | None) -> TicketPriorityRaised | TicketPriorityLowered:
    rises = PRIORITIES.index(to) > PRIORITIES.index(ticket.priority)
    record = TicketPriorityRaised if rises else TicketPriorityLowered
    return record(from_priority=ticket.priority, to_priority=to, reason=reason)


def _is_told(past: Past, wanted: ImportedActivity, event: TicketEvent) -> bool:
    """Whether an import recorded just this at that moment."""
    if not past.by_import or wanted.happened_at not in (None, past.occurred_at):
        return False
    match past.event:
        case TicketOpened():
            return wanted.activity == "opened"
        case TicketPriorityRaised() | TicketPriorityLowered():
            return wanted.activity == "priority" and past.event.to_priority == wanted.priority
        case _:
            return past.event == event


def _odd(ticket: Ticket, event: TicketEvent) -> tuple[str, ...]:
    try:
        _must_be_allowed(ticket, event)
    except Refusal:
        return (AGAINST_OUR_RULES,)
    return ()


def _must_be_allowed(ticket: Ticket, event: TicketEvent) -> None:
    match event:
        case TicketAssigned():
            assign(ticket, AssignTicket(assignee_id=event.assignee_id))
        case TicketPriorityRaised():
            raise_priority(ticket, RaiseTicketPriority(to_priority=event.to_priority))
        case TicketPriorityLowered():
            lower_priority(ticket, LowerTicketPriority(to_priority=event.to_priority))
        case TicketReplied():
            reply(ticket, ReplyToTicket(author=event.author, body="said"))
        case TicketPutPending():
            put_pending(ticket, PutTicketPending())
        case TicketPutOnHold():
            put_on_hold(ticket, PutTicketOnHold())
        case TicketResumed():
            resume(ticket, ResumeTicket())
        case TicketSolved():
            solve(ticket, SolveTicket())
        case TicketReopened():
            reopen(ticket, ReopenTicket())
        case TicketClosed():
            close(ticket, CloseTicket())
        case _:
            pass
