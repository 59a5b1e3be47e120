"""A follow-up: something to do for the customer by a certain time; shared by all nouns that have them."""

from dataclasses import dataclass, replace
from typing import ClassVar, TypeAlias, assert_never
from uuid import UUID

from domain.event import Command, Event, MemberId, Moment, OptionalPersonalText, PersonalText, Refusal, Text, Word


class FollowUpScheduled(Event):
    """Something is to be done, by somebody or by whoever is free, until it is due."""

    is_fact: ClassVar[bool] = True
    part_field: ClassVar[str | None] = "task_id"

    task_id: UUID
    what: PersonalText
    due_at: Moment
    assignee_id: MemberId | None = None
    about: Word | None = None


class FollowUpRescheduled(Event):
    """The follow-up is due at another time."""

    is_fact: ClassVar[bool] = True
    part_field: ClassVar[str | None] = "task_id"

    task_id: UUID
    due_at: Moment


class FollowUpCompleted(Event):
    """The follow-up was done."""

    is_fact: ClassVar[bool] = True
    part_field: ClassVar[str | None] = "task_id"

    task_id: UUID
    outcome: OptionalPersonalText = None


class FollowUpCancelled(Event):
    """The follow-up need not be done any more."""

    is_fact: ClassVar[bool] = True
    part_field: ClassVar[str | None] = "task_id"

    task_id: UUID
    reason: OptionalPersonalText = None


FollowUpEvent: TypeAlias = FollowUpScheduled | FollowUpRescheduled | FollowUpCompleted | FollowUpCancelled


@dataclass(frozen=True)
class FollowUps:
    """The ids of those scheduled, and of those done with: completed or cancelled."""

    scheduled: frozenset[UUID] = frozenset()
    done: frozenset[UUID] = frozenset()


def evolve(follow_ups: FollowUps, event: FollowUpEvent) -> FollowUps:
    """The follow-ups after the event."""
    match event:
        case FollowUpScheduled() | FollowUpRescheduled():
            return replace(follow_ups, scheduled=follow_ups.scheduled | {event.task_id})
        case FollowUpCompleted() | FollowUpCancelled():
            return replace(follow_ups, done=follow_ups.done | {event.task_id})
        case _:
            assert_never(event)


class ScheduleFollowUp(Command):
    """Plan something to do for the customer."""

    task_id: UUID | None = None
    what: Text
    due_at: Moment
    assignee_id: MemberId | None = None
    about: Word | None = None


class RescheduleFollowUp(Command):
    """Move a follow-up to another time."""

    task_id: UUID
    due_at: Moment


class CompleteFollowUp(Command):
    """Record that a follow-up was done."""

    task_id: UUID
    outcome: Text | None = None


class CancelFollowUp(Command):
    """Drop a follow-up that need not be done any more."""

    task_id: UUID
    reason: Text | None = None


class FollowUpAlreadyScheduled(Refusal):
    """There is already a follow-up {task_id} here. Reschedule that one, or leave out the id to plan another."""


class UnknownFollowUp(Refusal):
    """There is no follow-up {task_id} here. Check that it was scheduled on this record."""


class FollowUpAlreadyDone(Refusal):
    """The follow-up {task_id} was already completed or cancelled. Schedule a new one if there is more to do."""


def schedule(follow_ups: FollowUps, command: ScheduleFollowUp, new_id: UUID) -> FollowUpScheduled:
    """Under the command's own id, else under `new_id`; raises FollowUpAlreadyScheduled."""
    task_id = command.task_id or new_id
    if task_id in follow_ups.scheduled or task_id in follow_ups.done:
        raise FollowUpAlreadyScheduled(task_id=task_id)
    return FollowUpScheduled(
        task_id=task_id,
        what=command.what,
        due_at=command.due_at,
        assignee_id=command.assignee_id,
        about=command.about,
    )


def reschedule(follow_ups: FollowUps, command: RescheduleFollowUp) -> FollowUpRescheduled:
    """Raises UnknownFollowUp, FollowUpAlreadyDone."""
    _must_be_due(follow_ups, command.task_id)
    return FollowUpRescheduled(task_id=command.task_id, due_at=command.due_at)


def complete(follow_ups: FollowUps, command: CompleteFollowUp) -> FollowUpCompleted:
    """Raises UnknownFollowUp, FollowUpAlreadyDone."""
    _must_be_due(follow_ups, command.task_id)
    return FollowUpCompleted(task_id=command.task_id, outcome=command.outcome)


def cancel(follow_ups: FollowUps, command: CancelFollowUp) -> FollowUpCancelled:
    """Raises UnknownFollowUp, FollowUpAlreadyDone."""
    _must_be_due(follow_ups, command.task_id)
    return FollowUpCancelled(task_id=command.task_id, reason=command.reason)


def _must_be_due(follow_ups: FollowUps, task_id: UUID) -> None:
    if task_id in follow_ups.done:
        raise FollowUpAlreadyDone(task_id=task_id)
    if task_id not in follow_ups.scheduled:
        raise UnknownFollowUp(task_id=task_id)
