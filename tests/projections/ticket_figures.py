"""The figures about tickets as they are defined, counted event by event; and how a figure is asked for in tests."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.merge import MergedInto, MergeReverted
from domain.ticket import (
    TicketAssigned,
    TicketClosed,
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
from eventstore.database import Connection
from projections.kpi import Question, counted_positions, figure, kpis
from projections.kpi_parameters import Value
from projections.sight import EVERYTHING
from tests.projections.records import hour, rows

UNSOLVED = ("new", "open", "pending", "on_hold")
_TURNS: dict[type[object], str] = {
    TicketPutPending: "pending",
    TicketPutOnHold: "on_hold",
    TicketResumed: "open",
    TicketReopened: "open",
    TicketSolved: "solved",
    TicketClosed: "solved",
    TicketMarkedSpam: "spam",
}


def asked(
    connection: Connection,
    slug: str,
    first: float = 0,
    end: float = 1000,
    as_of: float = 1000,
    group_by: str | None = None,
    **parameters: Value,
) -> list[dict[str, Any]]:  # Any: the rows of any figure
    """The figure's rows over the read models brought up to date; moments in hours after Monday morning."""
    kpi = kpis()[slug]
    for table in kpi.relation.reads:
        rows(connection, table, **_NOBODY.get(table, {"customer_id": UUID(int=1)}))
    question = Question(hour(first), hour(end), hour(as_of), "UTC", parameters)
    return figure(connection, kpi, question, group_by, sight=EVERYTHING)


_NOBODY: dict[str, dict[str, object]] = {"workspace_member": {"member_id": UUID(int=1)}}


def behind(connection: Connection, slug: str, first: float = 0, end: float = 1000, as_of: float = 1000) -> list[int]:
    """The positions of the events behind it."""
    return counted_positions(
        connection, kpis()[slug], Question(hour(first), hour(end), hour(as_of), "UTC"), 0, 1000, sight=EVERYTHING
    )


@dataclass(frozen=True)
class Told:
    """An event of a ticket, with the hour in which it happened."""

    event: TicketEvent
    at: float


History = Sequence[Told]


@dataclass(frozen=True)
class Solving:
    """A time that a ticket was solved, and until when it stayed so."""

    at: float
    waited: float
    next_state: str | None
    next_at: float | None


def _by(history: History, at: float) -> list[TicketEvent]:
    return [told.event for told in history if told.at <= at]


def state(history: History, at: float) -> str | None:
    """What the ticket was by then: unsolved in some way, solved, spam or merged; None when there was none."""
    reverted = {told.event.merge_id for told in history if isinstance(told.event, MergeReverted)}
    turn, begun, there = None, False, False
    for event in _by(history, at):
        if isinstance(event, MergedInto) and event.merge_id not in reverted:
            return "merged"
        there = there or isinstance(event, TicketOpened)
        begun = begun or (isinstance(event, TicketAssigned) and bool(event.assignee_id or event.team))
        begun = begun or (isinstance(event, TicketReplied) and event.public and event.author == "agent")
        turn = _TURNS.get(type(event), turn)
    return turn or ("open" if begun else "new" if there else None)


def priority(history: History, at: float) -> str:
    """The priority by then."""
    found = "unknown"
    for event in _by(history, at):
        if isinstance(event, TicketOpened):
            found = event.priority
        if isinstance(event, TicketPriorityRaised | TicketPriorityLowered):
            found = event.to_priority
    return found


def counts(history: History, as_of: float) -> bool:
    """Whether figures count the ticket at all."""
    return state(history, as_of) not in (None, "spam", "merged")


def turns(history: History, as_of: float) -> list[tuple[float, str | None]]:
    """From when on it was in which state, where that changed."""
    found: list[tuple[float, str | None]] = []
    for moment in sorted({told.at for told in history if told.at <= as_of}):
        now = state(history, moment)
        if not found or found[-1][1] != now:
            found.append((moment, now))
    return found


def solvings(history: History, as_of: float) -> list[Solving]:
    """Each time it was solved by then."""
    spells = turns(history, as_of)
    found, waited = [], 0.0
    for number, (start, now) in enumerate(spells):
        after = spells[number + 1] if number + 1 < len(spells) else None
        if now == "solved":
            found.append(Solving(start, waited, *((after[1], after[0]) if after else (None, None))))
        elif now in ("new", "open", "on_hold") and after:
            waited += after[0] - start
    return found


def backlog(histories: Iterable[History], as_of: float) -> tuple[Counter[str | None], Counter[str]]:
    """The unsolved tickets by status and by priority."""
    open_ones = [history for history in histories if state(history, as_of) in UNSOLVED]
    return (
        Counter(state(history, as_of) for history in open_ones),
        Counter(priority(history, as_of) for history in open_ones),
    )


def resolution(histories: Iterable[History], first: float, end: float, as_of: float) -> dict[str, list[float]]:
    """Hours until the first and the last solving, and of the last those in which the customer waited for us."""
    found: dict[str, list[float]] = {"first": [], "full": [], "requester_wait": [], "excluded": []}
    for history in histories:
        solved = solvings(history, as_of) if counts(history, as_of) else []
        opened = min(told.at for told in history if isinstance(told.event, TicketOpened))
        for kind, times in (("first", solved[:1]), ("full", [one for one in solved if one.next_at is None])):
            for time in times:
                if first <= time.at < end and time.at >= opened:
                    found[kind].append(time.at - opened)
                    if kind == "full":
                        found["requester_wait"].append(time.waited)
                elif first <= time.at < end and kind == "full":
                    found["excluded"].append(time.at)
    return found


def reopened(histories: Iterable[History], first: float, end: float, as_of: float) -> tuple[int, int, int]:
    """Tickets solved in the period; of these the reopened ones; of these those reopened for more than an hour."""
    solved = again = lasting = 0
    for history in histories:
        times = solvings(history, as_of) if counts(history, as_of) else []
        back = [one for one in times if first <= one.at < end and one.next_state in UNSOLVED]
        solved += any(first <= one.at < end for one in times)
        again += bool(back)
        lasting += any(not _brief(one, history, as_of) for one in back)
    return solved, again, lasting


def _brief(one: Solving, history: History, as_of: float) -> bool:
    left = [(at, now) for at, now in turns(history, as_of) if one.next_at and at > one.next_at and now not in UNSOLVED]
    return bool(left) and one.next_at is not None and left[0][1] == "solved" and left[0][0] - one.next_at <= 1


def promises(histories: Iterable[History], first: float, end: float, as_of: float) -> Counter[tuple[str, str]]:
    """How many promises of each target were met and breached, of those due in the period."""
    found: Counter[tuple[str, str]] = Counter()
    for history in histories:
        running: dict[str, datetime | None] = {}
        ended: list[tuple[str, str, datetime]] = []
        for event in _by(history, as_of):
            match event:
                case TicketSlaApplied():
                    running[event.target] = event.due_at
                case TicketSlaMet():
                    ended.append((event.target, "met", event.due_at))
                case TicketSlaBreached():
                    ended.append((event.target, "breached", event.due_at))
            if isinstance(event, TicketSlaMet | TicketSlaBreached | TicketSlaCancelled):
                running.pop(event.target, None)
        ended += [(target, "breached", due) for target, due in running.items() if due and due < hour(as_of)]
        if state(history, as_of) not in ("spam", "merged"):
            found.update((target, outcome) for target, outcome, due in ended if hour(first) <= due < hour(end))
    return found


def ratings(histories: Iterable[History], first: float, end: float, as_of: float) -> tuple[Counter[int], int, int]:
    """The last ratings that were given in the period by score; tickets solved in it; of these the rated ones."""
    scores: Counter[int] = Counter()
    solved = rated = 0
    for history in histories:
        if state(history, as_of) in ("spam", "merged"):
            continue
        last = [told for told in history if told.at <= as_of and isinstance(told.event, TicketRated)][-1:]
        scores.update(
            told.event.csat for told in last if first <= told.at < end and isinstance(told.event, TicketRated)
        )
        if any(first <= one.at < end for one in solvings(history, as_of)):
            solved += 1
            rated += bool(last)
    return scores, solved, rated
