"""Work on a record in the story: talks that are written down at once or days later, and things planned and done."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeAlias
from uuid import UUID

from api.demo.company import Member
from api.demo.home import Home
from api.demo.plot import Happening, History, Life, State
from domain import customer, lead, ticket
from domain.customer import Customer, CustomerEvent
from domain.interaction import Direction, InteractionKind
from domain.lead import (
    CancelFollowUp,
    CompleteFollowUp,
    CorrectInteraction,
    Lead,
    LeadEvent,
    LogInteraction,
    RescheduleFollowUp,
    RetractInteraction,
    ScheduleFollowUp,
)
from domain.ticket import Ticket, TicketEvent

Talk: TypeAlias = tuple[InteractionKind, Direction, str]
"""A call or the like, who began it, and what it was about."""


@dataclass(frozen=True, slots=True)
class Work(Generic[State, Happening]):
    """The rules by which work on a record is recorded."""

    log: Callable[[State, LogInteraction, UUID], Happening | Sequence[Happening]]
    correct: Callable[[State, CorrectInteraction], Happening | Sequence[Happening]]
    retract: Callable[[State, RetractInteraction], Happening]
    schedule: Callable[[State, ScheduleFollowUp, UUID], Happening]
    reschedule: Callable[[State, RescheduleFollowUp], Happening]
    complete: Callable[[State, CompleteFollowUp], Happening]
    cancel: Callable[[State, CancelFollowUp], Happening]


ON_CUSTOMERS: Work[Customer, CustomerEvent] = Work(
    customer.log_interaction,
    customer.correct_interaction,
    customer.retract_interaction,
    customer.schedule_follow_up,
    customer.reschedule_follow_up,
    customer.complete_follow_up,
    customer.cancel_follow_up,
)
ON_LEADS: Work[Lead, LeadEvent] = Work(
    lead.log_interaction,
    lead.correct_interaction,
    lead.retract_interaction,
    lead.schedule_follow_up,
    lead.reschedule_follow_up,
    lead.complete_follow_up,
    lead.cancel_follow_up,
)
ON_TICKETS: Work[Ticket, TicketEvent] = Work(
    ticket.log_interaction,
    ticket.correct_interaction,
    ticket.retract_interaction,
    ticket.schedule_follow_up,
    ticket.reschedule_follow_up,
    ticket.complete_follow_up,
    ticket.cancel_follow_up,
)


def talk(
    home: Home, work: Work[State, Happening], history: History[State, Happening], member: Member, talks: Sequence[Talk]
) -> None:
    """A member was in touch with the customer just now; whether the log knows at once depends on her."""
    kind, direction, summary = home.random.choice(talks)
    command = LogInteraction(
        interaction_id=home.new_id(),
        kind=kind,
        direction=direction,
        summary=summary,
        duration_seconds=None if kind in ("email", "note") else 60 * home.random.randint(3, 55),
        outcome="They will think about it" if home.chance(0.1) else None,
    )
    if home.chance(0.75 + member.diligence / 4):
        _log(home, work, history, member, command, home.now)
    else:
        home.begin(_log_late(home, work, history, member, command))


def _log(
    home: Home,
    work: Work[State, Happening],
    history: History[State, Happening],
    member: Member,
    command: LogInteraction,
    happened_at: datetime,
) -> None:
    assert command.interaction_id is not None
    decided = work.log(history.state, command, command.interaction_id)
    history.tell(decided, home.actor(member), "console", occurred_at=happened_at)
    if home.chance(0.03):
        home.begin(_put_right(home, work, history, member, command, happened_at))


def _log_late(
    home: Home,
    work: Work[State, Happening],
    history: History[State, Happening],
    member: Member,
    command: LogInteraction,
) -> Life:
    happened_at = home.now
    yield home.days(3)
    if not home.office.is_there(member, home.now):
        return  # and nobody else knows of it
    _log(home, work, history, member, command, happened_at)


def _put_right(
    home: Home,
    work: Work[State, Happening],
    history: History[State, Happening],
    member: Member,
    command: LogInteraction,
    happened_at: datetime,
) -> Life:
    """It was somebody else's call, or longer and about more than was written down at first."""
    yield home.at_work(10)
    if not home.office.is_there(member, home.now):
        return
    assert command.interaction_id is not None
    if home.chance(0.45):
        wrong = RetractInteraction(interaction_id=command.interaction_id, reason="Logged on the wrong record")
        history.tell(work.retract(history.state, wrong), home.actor(member), "console")
        return
    right = CorrectInteraction(
        interaction_id=command.interaction_id,
        kind=command.kind,
        direction=command.direction,
        summary=f"{command.summary}; also spoke about the second house",
        duration_seconds=(command.duration_seconds or 0) + 300,
    )
    history.tell(work.correct(history.state, right), home.actor(member), "console", occurred_at=happened_at)


def schedule(
    home: Home,
    work: Work[State, Happening],
    history: History[State, Happening],
    member: Member,
    what: str,
    days: int,
) -> None:
    """A member plans to do something in so many days, and does it, puts it off, drops it or forgets about it."""
    task_id, due_at = home.new_id(), home.openings.after(home.now + timedelta(days=days), timedelta(hours=1))
    command = ScheduleFollowUp(task_id=task_id, what=what, due_at=due_at, assignee_id=home.id_of(member))
    history.tell(work.schedule(history.state, command, task_id), home.actor(member), "console")
    home.begin(_planned(home, work, history, member, task_id, due_at))


def _planned(
    home: Home,
    work: Work[State, Happening],
    history: History[State, Happening],
    member: Member,
    task_id: UUID,
    due_at: datetime,
) -> Life:
    actor = home.actor(member)
    if home.chance(0.15):
        yield home.openings.after(home.now + (due_at - home.now) // 2, timedelta(minutes=20))
        due_at = home.openings.after(due_at + timedelta(days=4), timedelta(hours=2))
        moved = RescheduleFollowUp(task_id=task_id, due_at=due_at)
        history.tell(work.reschedule(history.state, moved), actor, "console")
    on_time = home.chance(member.diligence)
    yield due_at - timedelta(seconds=home.random.randint(60, 7_000))
    if not on_time:
        yield home.days(6)
    if not home.office.is_there(member, home.now) or (not on_time and home.chance(0.4)):
        return  # forgotten, and open for ever
    if home.chance(0.08):
        dropped = CancelFollowUp(task_id=task_id, reason="They called before we did")
        history.tell(work.cancel(history.state, dropped), actor, "console")
    else:
        done = CompleteFollowUp(task_id=task_id, outcome="Done, they are content" if home.chance(0.4) else None)
        history.tell(work.complete(history.state, done), actor, "console")
