"""The waits of customers for answers on tickets as they are defined, told event by event."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from domain.ticket import (
    TicketClosed,
    TicketEvent,
    TicketMarkedSpam,
    TicketOpened,
    TicketPutOnHold,
    TicketPutPending,
    TicketReopened,
    TicketReplied,
    TicketResumed,
    TicketSolved,
)
from tests.projections.ticket_figures import History, Told, state


@dataclass(frozen=True)
class Wait:
    """From when on a customer waited, by which hour an agent had answered, or the ticket was solved without that."""

    cycle: str
    asked_at: float
    answered_at: float | None = None
    settled_at: float | None = None


@dataclass(frozen=True)
class _Talk:
    """How far the talk has come."""

    solved: bool = False
    wait: Wait | None = None
    has_thanked: bool = False
    was_reopened: bool = False
    was_opened: bool = False


def waits(history: History, as_of: float) -> list[Wait]:
    """All waits on a ticket that had begun by then, as they stood then."""
    talk, ended = _Talk(), []
    for told in sorted(_heard(history), key=lambda told: told.at):
        if told.at > as_of:
            continue
        event, at = told.event, told.at
        if _is_answer(event) or isinstance(event, TicketSolved | TicketClosed):
            if talk.wait:
                answered = _is_answer(event)
                ended.append(
                    replace(talk.wait, answered_at=at if answered else None, settled_at=None if answered else at)
                )
            solved = talk.solved or not _is_answer(event)
            talk = _Talk(solved=solved, was_opened=talk.was_opened)
        else:
            talk = _after(talk, event, at)
    return [*ended, talk.wait] if talk.wait else ended


def _after(talk: _Talk, event: TicketEvent, at: float) -> _Talk:
    match event:
        case TicketOpened():
            asks = event.inbound and not talk.was_opened and not talk.solved
            return replace(talk, was_opened=True, wait=talk.wait or (Wait("first", at) if asks else None))
        case TicketReplied(author="customer", public=True) if talk.solved:
            return replace(talk, has_thanked=True)
        case TicketReplied(author="customer", public=True):
            cycle = "reopened" if talk.was_reopened else "next"
            return replace(talk, has_thanked=True, wait=talk.wait or Wait(cycle, at))
        case TicketPutPending() | TicketPutOnHold() | TicketResumed() | TicketReopened() if talk.solved:
            wait = talk.wait or (Wait("reopened", at) if talk.has_thanked else None)
            return replace(talk, solved=False, was_reopened=True, wait=wait)
        case TicketMarkedSpam():
            return replace(talk, solved=False)
        case _:
            return talk


def _heard(history: History) -> Sequence[Told]:
    """The history without messages that were told before."""
    names: set[object] = set()
    found = []
    for told in history:
        name = told.event.message_id if isinstance(told.event, TicketReplied) else None
        if name is None or name not in names:
            found.append(told)
        names.add(name)
    return found


def _is_answer(event: TicketEvent) -> bool:
    return isinstance(event, TicketReplied) and event.public and event.author == "agent"


def waited(
    histories: Iterable[History], first: float, end: float, as_of: float, cycle: str
) -> tuple[list[float], list[float], int]:
    """Of the waits of a cycle that began in the period: the hours of the answered ones, those that the open ones have
    taken, and how many tickets were solved without an answer."""
    answered: list[float] = []
    still_open: list[float] = []
    unanswered = 0
    for history in histories:
        if state(history, as_of) in ("spam", "merged"):
            continue
        for wait in waits(history, as_of):
            if wait.cycle == cycle and first <= wait.asked_at < end:
                if wait.answered_at is not None:
                    answered.append(wait.answered_at - wait.asked_at)
                elif wait.settled_at is None:
                    still_open.append(as_of - wait.asked_at)
                else:
                    unanswered += 1
    return answered, still_open, unanswered


def share_within(answered: list[float], still_open: list[float], hours: float) -> float | None:
    """The share answered in so many hours; who has not waited that long yet does not count."""
    known = len(answered) + sum(waited > hours for waited in still_open)
    return sum(waited <= hours for waited in answered) / known if known else None
