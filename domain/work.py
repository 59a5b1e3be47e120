"""The work on a customer, lead or ticket: interactions and follow-ups, by the same rules everywhere.

Nothing new is begun on a record that was merged; what had been begun on it is corrected and brought to its end there.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Literal, Protocol, TypeAlias, TypeVar, assert_never
from uuid import UUID

from domain.event import Record
from domain.follow_up import (
    CancelFollowUp,
    CompleteFollowUp,
    FollowUpAlreadyDone,
    FollowUpAlreadyRetracted,
    FollowUpAlreadyScheduled,
    FollowUpCancelled,
    FollowUpCompleted,
    FollowUpEvent,
    FollowUpRescheduled,
    FollowUpRetracted,
    FollowUpScheduled,
    RescheduleFollowUp,
    RetractFollowUp,
    ScheduleFollowUp,
    UnknownFollowUp,
)
from domain.growing_map import GrowingMap
from domain.interaction import (
    CorrectInteraction,
    InteractionAccount,
    InteractionAlreadyLogged,
    InteractionAlreadyRetracted,
    InteractionCorrected,
    InteractionEvent,
    InteractionLogged,
    InteractionRecord,
    InteractionRetracted,
    LogInteraction,
    RetractInteraction,
    UnknownInteraction,
)

InteractionStatus: TypeAlias = Literal["logged", "retracted"]
FollowUpStatus: TypeAlias = Literal["scheduled", "done", "retracted"]
WorkEvent: TypeAlias = InteractionEvent | FollowUpEvent
AnInteraction = TypeVar("AnInteraction", bound=InteractionRecord)


@dataclass(frozen=True)
class Work:
    """The ids in use; those done or retracted stay in use, so that none comes back by accident."""

    is_apart: ClassVar[bool] = True

    interactions: GrowingMap[UUID, InteractionStatus] = field(default_factory=GrowingMap)
    follow_ups: GrowingMap[UUID, FollowUpStatus] = field(default_factory=GrowingMap)


class Worked(Record, Protocol):
    """What there is work on."""

    @property
    def work(self) -> Work: ...


def worked(work: Work, event: WorkEvent) -> Work:
    """The work after the event; nothing brings back what is done or retracted."""
    match event:
        case InteractionLogged() | InteractionCorrected():
            return _with_interaction(work, event.interaction_id, work.interactions.get(event.interaction_id, "logged"))
        case InteractionRetracted():
            return _with_interaction(work, event.interaction_id, "retracted")
        case FollowUpScheduled() | FollowUpRescheduled():
            return _with_follow_up(work, event.task_id, work.follow_ups.get(event.task_id, "scheduled"))
        case FollowUpCompleted() | FollowUpCancelled():
            retracted = work.follow_ups.get(event.task_id) == "retracted"
            return work if retracted else _with_follow_up(work, event.task_id, "done")
        case FollowUpRetracted():
            return _with_follow_up(work, event.task_id, "retracted")
        case _:
            assert_never(event)


def log_interaction(record: Worked, command: LogInteraction, new_id: UUID) -> InteractionLogged:
    """Under the command's own id, else under `new_id`; raises what the record does, InteractionAlreadyLogged."""
    record.must_be_in_use()
    interaction_id = command.interaction_id or new_id
    if interaction_id in record.work.interactions:
        raise InteractionAlreadyLogged(interaction_id=interaction_id)
    return _recorded(InteractionLogged, interaction_id, command)


def correct_interaction(record: Worked, command: CorrectInteraction) -> InteractionCorrected:
    """Raises what the record does, UnknownInteraction, InteractionAlreadyRetracted."""
    _must_stand(record, command.interaction_id)
    return _recorded(InteractionCorrected, command.interaction_id, command)


def retract_interaction(record: Worked, command: RetractInteraction) -> InteractionRetracted:
    """Raises what the record does, UnknownInteraction, InteractionAlreadyRetracted."""
    _must_stand(record, command.interaction_id)
    return InteractionRetracted(interaction_id=command.interaction_id, reason=command.reason)


def schedule_follow_up(record: Worked, command: ScheduleFollowUp, new_id: UUID) -> FollowUpScheduled:
    """Under the command's own id, else under `new_id`; raises what the record does, FollowUpAlreadyScheduled."""
    record.must_be_in_use()
    task_id = command.task_id or new_id
    if task_id in record.work.follow_ups:
        raise FollowUpAlreadyScheduled(task_id=task_id)
    return FollowUpScheduled(
        task_id=task_id,
        what=command.what,
        due_at=command.due_at,
        assignee_id=command.assignee_id,
        about=command.about,
    )


def reschedule_follow_up(record: Worked, command: RescheduleFollowUp) -> FollowUpRescheduled:
    """Raises what the record does, UnknownFollowUp, FollowUpAlreadyRetracted, FollowUpAlreadyDone."""
    _must_be_due(record, command.task_id)
    return FollowUpRescheduled(task_id=command.task_id, due_at=command.due_at)


def complete_follow_up(record: Worked, command: CompleteFollowUp) -> FollowUpCompleted:
    """Raises what the record does, UnknownFollowUp, FollowUpAlreadyRetracted, FollowUpAlreadyDone."""
    _must_be_due(record, command.task_id)
    return FollowUpCompleted(task_id=command.task_id, outcome=command.outcome)


def cancel_follow_up(record: Worked, command: CancelFollowUp) -> FollowUpCancelled:
    """Raises what the record does, UnknownFollowUp, FollowUpAlreadyRetracted, FollowUpAlreadyDone."""
    _must_be_due(record, command.task_id)
    return FollowUpCancelled(task_id=command.task_id, reason=command.reason)


def retract_follow_up(record: Worked, command: RetractFollowUp) -> FollowUpRetracted:
    """Also one that is done; raises what the record does, UnknownFollowUp, FollowUpAlreadyRetracted."""
    _follow_up(record, command.task_id)
    return FollowUpRetracted(task_id=command.task_id, reason=command.reason)


def _with_interaction(work: Work, interaction_id: UUID, status: InteractionStatus) -> Work:
    return Work(work.interactions.with_entry(interaction_id, status), work.follow_ups)


def _with_follow_up(work: Work, task_id: UUID, status: FollowUpStatus) -> Work:
    return Work(work.interactions, work.follow_ups.with_entry(task_id, status))


def _must_stand(record: Worked, interaction_id: UUID) -> None:
    record.must_not_be_forgotten()
    status = record.work.interactions.get(interaction_id)
    if status is None:
        raise UnknownInteraction(interaction_id=interaction_id)
    if status == "retracted":
        raise InteractionAlreadyRetracted(interaction_id=interaction_id)


def _follow_up(record: Worked, task_id: UUID) -> FollowUpStatus:
    record.must_not_be_forgotten()
    status = record.work.follow_ups.get(task_id)
    if status is None:
        raise UnknownFollowUp(task_id=task_id)
    if status == "retracted":
        raise FollowUpAlreadyRetracted(task_id=task_id)
    return status


def _must_be_due(record: Worked, task_id: UUID) -> None:
    if _follow_up(record, task_id) == "done":
        raise FollowUpAlreadyDone(task_id=task_id)


def _recorded(record: type[AnInteraction], interaction_id: UUID, account: InteractionAccount) -> AnInteraction:
    return record(
        interaction_id=interaction_id,
        kind=account.kind,
        direction=account.direction,
        summary=account.summary,
        about=account.about,
        duration_seconds=account.duration_seconds,
        outcome=account.outcome,
        external_id=account.external_id,
    )
