"""What a row of a foreign file says a ticket is now, and what must have happened for that to be so."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import reduce
from typing import assert_never

from pydantic import Field

from domain.event import ExternalKey, Frozen, MemberId, Moment, Text, Word
from domain.imported import ImportedFact, Past, dated
from domain.sla_policy import PRIORITIES, Priority
from domain.ticket.history import TicketEvent, evolve
from domain.ticket.intake import TicketOpened
from domain.ticket.life import (
    TicketClosed,
    TicketPutOnHold,
    TicketPutPending,
    TicketReopened,
    TicketResumed,
    TicketSolved,
)
from domain.ticket.state import Ticket, TicketStatus
from domain.ticket.triage import TicketAssigned, TicketCategorised, TicketPriorityLowered, TicketPriorityRaised

NO_OPENING_DATE, NO_SOLVING_DATE, NO_CLOSING_DATE = "no_opening_date", "no_solving_date", "no_closing_date"
SOLVED_BEFORE_OPENED, CLOSED_BEFORE_SOLVED = "solved_before_opened", "closed_before_solved"

_OVER: frozenset[TicketStatus] = frozenset({"solved", "closed"})


class ImportedTicket(Frozen):
    """A ticket as the row has it. What is None the row does not say."""

    subject: Text
    channel: Word | None = None
    priority: Priority | None = None
    category: Word | None = None
    status: TicketStatus = "open"
    opened_at: Moment | None = None
    solved_at: Moment | None = None
    closed_at: Moment | None = None
    resolution: Text | None = None
    external_ids: dict[Word, ExternalKey] = Field(default_factory=dict)


def reconcile(
    history: Sequence[Past], wanted: ImportedTicket, assignee_id: MemberId | None, imported_at: datetime
) -> list[ImportedFact]:
    """What must be recorded for the ticket to be what the row says; nothing when it already is.

    What a new row says was so from the opening on; what changes later, from the import on, unless the row dates it.
    What the file said before is not said again: where people have worked on the ticket since, that is left alone. A row
    about a ticket that is closed here, or merged into another, is out of date. That a ticket is open without being
    anybody's, or that its subject is another one, no event says, so it is not recorded.
    """
    known, before = _ticket(history), _ticket([past for past in history if past.by_import])
    if known.merges.into is not None or known.status == "closed":
        return []
    facts: list[ImportedFact] = []
    at = imported_at
    if not any(isinstance(past.event, TicketOpened) for past in history):
        facts.append(_opened(wanted, imported_at))
        at = facts[0].occurred_at
        known = _ticket([*history, Past(facts[0].event, at)])
    facts += [ImportedFact(event, at) for event in _triage(known, before, wanted, assignee_id)]
    if _told(wanted.status) == _told(before.status) and not _is_new(facts):
        return facts
    opened_at = [past.occurred_at for past in history if isinstance(past.event, TicketOpened)]
    return [*facts, *_turns(known.status, wanted, (opened_at or [at])[0], at)]


def _ticket(history: Sequence[Past]) -> Ticket:
    events: list[TicketEvent] = []
    for past in history:
        assert isinstance(past.event, TicketEvent)
        events.append(past.event)
    return reduce(evolve, events, Ticket())


def _told(status: TicketStatus) -> TicketStatus:
    return "open" if status == "new" else status


def _is_new(facts: Sequence[ImportedFact]) -> bool:
    return bool(facts) and isinstance(facts[0].event, TicketOpened)


def _opened(wanted: ImportedTicket, imported_at: datetime) -> ImportedFact:
    event = TicketOpened(
        subject=wanted.subject,
        channel=wanted.channel,
        priority=wanted.priority or "normal",
        category=wanted.category,
        external_ids=wanted.external_ids,
    )
    over_at = wanted.solved_at or wanted.closed_at or imported_at
    return dated(event, wanted.opened_at, min(over_at, imported_at), NO_OPENING_DATE)


def _triage(
    known: Ticket, before: Ticket, wanted: ImportedTicket, assignee_id: MemberId | None
) -> Iterator[TicketEvent]:
    if assignee_id not in (None, known.assignee_id, before.assignee_id):
        yield TicketAssigned(assignee_id=assignee_id, team=known.team)
    if wanted.category not in (None, known.category, before.category):
        yield TicketCategorised(category=wanted.category)
    if wanted.priority not in (None, known.priority, before.priority):
        rises = PRIORITIES.index(wanted.priority) > PRIORITIES.index(known.priority)
        record = TicketPriorityRaised if rises else TicketPriorityLowered
        yield record(from_priority=known.priority, to_priority=wanted.priority)


def _turns(status: TicketStatus, wanted: ImportedTicket, opened_at: datetime, at: datetime) -> Iterator[ImportedFact]:
    """What takes a ticket from that status to the row's."""
    if status == "solved" and wanted.status not in _OVER:
        yield ImportedFact(TicketReopened(), at)
    match wanted.status:
        case "new" | "open":
            if status in ("pending", "on_hold"):
                yield ImportedFact(TicketResumed(), at)
        case "pending":
            yield ImportedFact(TicketPutPending(), at)
        case "on_hold":
            yield ImportedFact(TicketPutOnHold(), at)
        case "solved" | "closed":
            solved_at = wanted.solved_at or wanted.closed_at or at
            if status != "solved":
                flags = () if wanted.solved_at or wanted.closed_at else (NO_SOLVING_DATE,)
                early = (SOLVED_BEFORE_OPENED,) if solved_at < opened_at else ()
                yield ImportedFact(TicketSolved(resolution=wanted.resolution), solved_at, (*flags, *early))
            if wanted.status == "closed":
                closed_at = wanted.closed_at or solved_at
                flags = () if wanted.closed_at else (NO_CLOSING_DATE,)
                early = (CLOSED_BEFORE_SOLVED,) if closed_at < solved_at else ()
                yield ImportedFact(TicketClosed(), closed_at, (*flags, *early))
        case _:
            assert_never(wanted.status)
