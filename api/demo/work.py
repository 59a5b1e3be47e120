"""Work on a record in the story: talks that are written down at once or days later, and things planned and done."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import UUID

from api.demo.company import Member
from api.demo.home import Customers, Home, LeadHistory, TicketHistory
from api.demo.plot import Life
from domain import lead
from domain import work as rules
from domain.follow_up import (
    CancelFollowUp,
    CompleteFollowUp,
    RescheduleFollowUp,
    RetractFollowUp,
    ScheduleFollowUp,
)
from domain.interaction import CorrectInteraction, Direction, InteractionKind, LogInteraction, RetractInteraction

Talk: TypeAlias = tuple[InteractionKind, Direction, str]
"""A call or the like, who began it, and what it was about."""

Worked: TypeAlias = Customers | LeadHistory | TicketHistory
"""What there is work on."""


def talk(home: Home, history: Worked, member: Member, talks: Sequence[Talk]) -> None:
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
        _log(home, history, member, command, home.now)
    else:
        home.begin(_log_late(home, history, member, command))


def _log(
    home: Home,
    history: Worked,
    member: Member,
    command: LogInteraction,
    happened_at: datetime,
) -> None:
    assert command.interaction_id is not None
    actor, known = home.actor(member), command.interaction_id
    if isinstance(history, LeadHistory):  # the first time we reach out counts there
        logged = lead.log_interaction(history.state, command, known)
        history.tell(logged, actor, "console", occurred_at=happened_at)
    else:
        history.tell(rules.log_interaction(history.state, command, known), actor, "console", occurred_at=happened_at)
    if home.chance(0.04):
        home.begin(_put_right(home, history, member, command, happened_at))


def _log_late(
    home: Home,
    history: Worked,
    member: Member,
    command: LogInteraction,
) -> Life:
    happened_at = home.now
    yield home.days(3)
    if not home.office.is_there(member, home.now):
        return  # and nobody else knows of it
    _log(home, history, member, command, happened_at)


def _put_right(
    home: Home,
    history: Worked,
    member: Member,
    command: LogInteraction,
    happened_at: datetime,
) -> Life:
    """It was somebody else's call, or longer and about more than was written down at first."""
    yield home.at_work(10)
    if not home.office.is_there(member, home.now):
        return
    assert command.interaction_id is not None
    actor = home.actor(member)
    if home.chance(0.45):
        wrong = RetractInteraction(interaction_id=command.interaction_id, reason="Logged on the wrong record")
        history.tell(rules.retract_interaction(history.state, wrong), actor, "console")
        return
    right = CorrectInteraction(
        interaction_id=command.interaction_id,
        kind=command.kind,
        direction=command.direction,
        summary=f"{command.summary}; also spoke about the second house",
        duration_seconds=(command.duration_seconds or 0) + 300,
    )
    if isinstance(history, LeadHistory):
        corrected = lead.correct_interaction(history.state, right)
        history.tell(corrected, actor, "console", occurred_at=happened_at)
    else:
        history.tell(rules.correct_interaction(history.state, right), actor, "console", occurred_at=happened_at)


def schedule(
    home: Home,
    history: Worked,
    member: Member,
    what: str,
    days: int,
) -> None:
    """A member plans something for in so many days, and does it, puts it off, drops it, forgets it or takes it back."""
    task_id, due_at = home.new_id(), home.openings.after(home.now + timedelta(days=days), timedelta(hours=1))
    command = ScheduleFollowUp(task_id=task_id, what=what, due_at=due_at, assignee_id=home.id_of(member))
    history.tell(rules.schedule_follow_up(history.state, command, task_id), home.actor(member), "console")
    home.begin(_planned(home, history, member, task_id, due_at))


def _planned(
    home: Home,
    history: Worked,
    member: Member,
    task_id: UUID,
    due_at: datetime,
) -> Life:
    actor = home.actor(member)
    if home.chance(0.05):
        yield home.now + timedelta(minutes=home.random.randint(2, 50))
        wrong = RetractFollowUp(task_id=task_id, reason="Planned on the wrong record")
        if home.office.is_there(member, home.now):
            history.tell(rules.retract_follow_up(history.state, wrong), actor, "console")
        return
    if home.chance(0.15):
        yield home.openings.after(home.now + (due_at - home.now) // 2, timedelta(minutes=20))
        if not home.office.is_there(member, home.now):
            return
        due_at = home.openings.after(due_at + timedelta(days=4), timedelta(hours=2))
        moved = RescheduleFollowUp(task_id=task_id, due_at=due_at)
        history.tell(rules.reschedule_follow_up(history.state, moved), actor, "console")
    on_time = home.chance(member.diligence)
    yield due_at - timedelta(seconds=home.random.randint(60, 7_000))
    if not on_time:
        yield home.days(6)
    if not home.office.is_there(member, home.now) or (not on_time and home.chance(0.4)):
        return  # forgotten, and open for ever
    if home.chance(0.08):
        dropped = CancelFollowUp(task_id=task_id, reason="They called before we did")
        history.tell(rules.cancel_follow_up(history.state, dropped), actor, "console")
    else:
        done = CompleteFollowUp(task_id=task_id, outcome="Done, they are content" if home.chance(0.4) else None)
        history.tell(rules.complete_follow_up(history.state, done), actor, "console")
