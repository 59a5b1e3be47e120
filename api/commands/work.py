"""What is done with records of several kinds: the work on them, and merging and moving them."""

from types import ModuleType
from typing import Literal

from api.commands.rows import Row, Situation, new_id, row, workspace
from api.merging import given_to, merged, parted
from api.streams import Decision
from domain import field_value, follow_up, interaction
from domain import work as shared
from domain.event import Command
from domain.merge import RevertMerge
from domain.reattribution import Reattribute


def work(rules: ModuleType = shared) -> tuple[Row, ...]:
    """Interactions, follow-ups and custom fields; a kind of record may have rules of its own for them."""
    return (
        row("log-interaction", interaction.LogInteraction, rules.log_interaction, new_id, makes="interaction"),
        row("correct-interaction", interaction.CorrectInteraction, rules.correct_interaction),
        row("retract-interaction", interaction.RetractInteraction, rules.retract_interaction),
        row("schedule-follow-up", follow_up.ScheduleFollowUp, rules.schedule_follow_up, new_id, makes="task"),
        row("reschedule-follow-up", follow_up.RescheduleFollowUp, rules.reschedule_follow_up),
        row("complete-follow-up", follow_up.CompleteFollowUp, rules.complete_follow_up),
        row("cancel-follow-up", follow_up.CancelFollowUp, rules.cancel_follow_up),
        row("retract-follow-up", follow_up.RetractFollowUp, rules.retract_follow_up),
        row("record-custom-field", field_value.RecordCustomField, field_value.record_custom_field, workspace),
    )


def ties(rules: ModuleType, merge: type[Command], answers: Literal["record", "done"]) -> tuple[Row, ...]:
    """Merging two leads or tickets, parting them again, and giving one to another customer, by the noun's own rules."""

    def merging(at: Situation) -> Decision:
        return merged(at.read, rules.merge, rules.absorb, at.command, at.record_id, at.new_id)

    def reverting(at: Situation) -> Decision:
        return parted(at.read, rules.revert_merge, at.command, at.record_id)

    def reattributing(at: Situation) -> Decision:
        return given_to(at.streams, at.record, at.record_id, at.command)

    return (
        Row("merge", merge, merging, makes="merge", others=("survivor_id",), answers=answers),
        Row("revert-merge", RevertMerge, reverting, answers=answers),
        Row("reattribute", Reattribute, reattributing, others=("to_customer_id",), answers=answers),
    )
