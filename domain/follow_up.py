"""A follow-up: something to do for the customer by a certain time. Its rules are in `work`."""

from typing import ClassVar, TypeAlias
from uuid import UUID

from domain.event import Command, Event, MemberId, Moment, OptionalPersonalText, PersonalText, Refusal, Text, Word
from domain.phrases import after, said


class FollowUpScheduled(Event):
    """Something is to be done, by somebody or by whoever is free, until it is due."""

    is_fact: ClassVar[bool] = True
    part_field: ClassVar[str | None] = "task_id"

    task_id: UUID
    what: PersonalText
    due_at: Moment
    assignee_id: MemberId | None = None
    about: Word | None = None

    def in_words(self) -> str:
        return f"Follow-up due {said(self.due_at)}: {said(self.what)}"


class FollowUpRescheduled(Event):
    """The follow-up is due at another time."""

    is_fact: ClassVar[bool] = True
    part_field: ClassVar[str | None] = "task_id"

    task_id: UUID
    due_at: Moment

    def in_words(self) -> str:
        return f"Follow-up moved to {said(self.due_at)}"


class FollowUpCompleted(Event):
    """The follow-up was done."""

    is_fact: ClassVar[bool] = True
    part_field: ClassVar[str | None] = "task_id"

    task_id: UUID
    outcome: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"Follow-up done{after(': ', self.outcome)}"


class FollowUpCancelled(Event):
    """The follow-up need not be done any more."""

    is_fact: ClassVar[bool] = True
    part_field: ClassVar[str | None] = "task_id"

    task_id: UUID
    reason: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"Follow-up cancelled{after(': ', self.reason)}"


class FollowUpRetracted(Event):
    """A follow-up was recorded that was never planned, or not here."""

    is_fact: ClassVar[bool] = True
    part_field: ClassVar[str | None] = "task_id"

    task_id: UUID
    reason: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"Follow-up retracted{after(': ', self.reason)}"


FollowUpEvent: TypeAlias = (
    FollowUpScheduled | FollowUpRescheduled | FollowUpCompleted | FollowUpCancelled | FollowUpRetracted
)


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


class RetractFollowUp(Command):
    """Take back a follow-up that was never planned, or not here."""

    task_id: UUID
    reason: Text | None = None


class FollowUpAlreadyScheduled(Refusal):
    """There is already a follow-up {task_id} here. Reschedule that one, or leave out the id to plan another."""


class UnknownFollowUp(Refusal):
    """There is no follow-up {task_id} here. Check that it was scheduled on this record."""


class FollowUpAlreadyDone(Refusal):
    """The follow-up {task_id} was already completed or cancelled. Schedule a new one if there is more to do."""


class FollowUpAlreadyRetracted(Refusal):
    """The follow-up {task_id} was retracted. Schedule it anew if it was planned here."""
