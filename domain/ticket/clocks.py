"""The clocks of a ticket's targets: when they start, stand still and go on, and when a target is met or breached.

The first response is the first public reply of an agent to a ticket that the customer began. After that, or once the
ticket was solved unanswered, the next reply is owed from the oldest message that waits for an answer: a customer who
asks again does not wait longer. The resolution is owed while the ticket is unsolved, and goes on with what was left
when it is reopened. While the ticket is pending or on hold all clocks stand still.

A breach says what was known when it was recorded. An answer of which we learn only later leaves it standing, though it
was given in time: its own moment tells.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce

from domain.sla_policy import TARGETS, SlaTarget
from domain.ticket.history import TicketEvent, evolve
from domain.ticket.life import TicketSolved
from domain.ticket.sla import SlaEvent, TicketSlaApplied, TicketSlaCancelled, TicketSlaMet, breached
from domain.ticket.state import SlaClock, Ticket
from domain.ticket.talk import TicketReplied


@dataclass(frozen=True)
class BusinessTime:
    """How time counts for the targets: the moment when a duration has passed since another, and its inverse."""

    after: Callable[[datetime, timedelta], datetime]
    elapsed: Callable[[datetime, datetime], timedelta]


def with_clocks(
    ticket: Ticket | None, decided: Iterable[TicketEvent], at: datetime, time: BusinessTime
) -> tuple[TicketEvent, ...]:
    """What a command's rule decided, and then what the clocks make of it at the moment it happened.

    What was overdue by then is breached, also where nothing else becomes of it. Raises what `time` does.
    """
    events = tuple(decided)
    before = ticket or Ticket()
    after = reduce(evolve, events, before)
    turns = (_turn(target, _Step(before, after, events, at, time)) for target in TARGETS)
    return (*events, *(turn for turn in turns if turn is not None))


@dataclass(frozen=True)
class _Step:
    """A ticket before and after what happened to it at a moment."""

    before: Ticket
    after: Ticket
    events: tuple[TicketEvent, ...]
    at: datetime
    time: BusinessTime

    def seconds_until(self, due_at: datetime) -> int:
        return int(self.time.elapsed(self.at, due_at).total_seconds())

    def in_seconds(self, remaining_seconds: int) -> datetime:
        return self.time.after(self.at, timedelta(seconds=remaining_seconds))


def _turn(target: SlaTarget, step: _Step) -> SlaEvent | None:
    clock = step.after.clocks.get(target)
    if clock is None or clock.outcome is not None:
        return _started(target, clock, step) if _is_owed(target, step.after) else None
    if clock.due_at is not None and step.at > clock.due_at:
        return breached(target, clock, clock.due_at)
    return _kept(target, clock, step) if _is_owed(target, step.after) else _ended(target, clock, step)


def _is_owed(target: SlaTarget, ticket: Ticket) -> bool:
    if ticket.merges.into is not None or ticket.status in ("solved", "closed"):
        return False
    return target == "resolution" or ticket.awaits == target


def _started(target: SlaTarget, clock: SlaClock | None, step: _Step) -> TicketSlaApplied | None:
    """With all its time for a new wait, else with what was left; what was breached is not owed twice."""
    policy = step.after.sla_policy
    within = policy.within(target, step.after.priority) if policy else None
    if policy is None or within is None:
        return None
    new_wait = target != "resolution" and step.before.awaits != step.after.awaits
    if clock is None or new_wait:
        clock = SlaClock(policy.name, policy.version, None, int(within.total_seconds()))
    elif clock.outcome == "breached":
        return None
    return _applied(target, clock, clock.remaining_seconds, step)


def _kept(target: SlaTarget, clock: SlaClock, step: _Step) -> TicketSlaApplied | TicketSlaCancelled | None:
    """Paused, resumed, or due at another moment because another priority promises more or less time."""
    longer = _longer_seconds(target, step)
    if longer is None:
        return _cancelled(target, clock, step)
    if longer == 0 and (clock.due_at is None) == _stands_still(step.after):
        return None
    return _applied(target, clock, max(0, _left(clock, step) + longer), step)


def _longer_seconds(target: SlaTarget, step: _Step) -> int | None:
    """What the priority after grants more than the one before; None when it promises nothing any more."""
    policy = step.after.sla_policy
    if policy is None or step.before.priority == step.after.priority:
        return 0
    then, now = policy.within(target, step.before.priority), policy.within(target, step.after.priority)
    if now is None:
        return None
    return int((now - then).total_seconds()) if then else 0


def _ended(target: SlaTarget, clock: SlaClock, step: _Step) -> TicketSlaMet | TicketSlaCancelled:
    if not any(_reaches(target, event) for event in step.events):
        return _cancelled(target, clock, step)
    return TicketSlaMet(
        policy=clock.policy,
        policy_version=clock.policy_version,
        target=target,
        due_at=_due_at(clock, step),
        remaining_seconds=_left(clock, step),
    )


def _reaches(target: SlaTarget, event: TicketEvent) -> bool:
    if target == "resolution":
        return isinstance(event, TicketSolved)
    return isinstance(event, TicketReplied) and event.public and event.author == "agent"


def _applied(target: SlaTarget, clock: SlaClock, remaining_seconds: int, step: _Step) -> TicketSlaApplied:
    paused = _stands_still(step.after)
    return TicketSlaApplied(
        policy=clock.policy,
        policy_version=clock.policy_version,
        target=target,
        clock="paused" if paused else "running",
        due_at=None if paused else step.in_seconds(remaining_seconds),
        remaining_seconds=remaining_seconds,
    )


def _cancelled(target: SlaTarget, clock: SlaClock, step: _Step) -> TicketSlaCancelled:
    return TicketSlaCancelled(
        policy=clock.policy,
        policy_version=clock.policy_version,
        target=target,
        due_at=_due_at(clock, step),
        remaining_seconds=_left(clock, step),
    )


def _stands_still(ticket: Ticket) -> bool:
    return ticket.status in ("pending", "on_hold")


def _due_at(clock: SlaClock, step: _Step) -> datetime:
    """Of a paused clock, as if it went on now."""
    return clock.due_at or step.in_seconds(clock.remaining_seconds)


def _left(clock: SlaClock, step: _Step) -> int:
    return step.seconds_until(clock.due_at) if clock.due_at else clock.remaining_seconds
