"""The work on a lead: interactions and follow-ups, possible at any time, also once it is closed."""

from uuid import UUID

from domain import follow_up, interaction
from domain.follow_up import (
    CancelFollowUp,
    CompleteFollowUp,
    FollowUpCancelled,
    FollowUpCompleted,
    FollowUpRescheduled,
    FollowUpScheduled,
    RescheduleFollowUp,
    ScheduleFollowUp,
)
from domain.interaction import (
    CorrectInteraction,
    InteractionCorrected,
    InteractionLogged,
    InteractionRetracted,
    LogInteraction,
    RetractInteraction,
)
from domain.lead.events import LeadContacted, LeadEvent
from domain.lead.state import Lead


def log_interaction(lead: Lead, command: LogInteraction, new_id: UUID) -> tuple[LeadEvent, ...]:
    """Logged, and contacted when it is our first outbound one; raises InteractionAlreadyLogged."""
    return _with_first_contact(lead, interaction.log(lead.interactions, command, new_id))


def correct_interaction(lead: Lead, command: CorrectInteraction) -> tuple[LeadEvent, ...]:
    """Corrected, and contacted when that makes it our first outbound one.

    Raises UnknownInteraction, InteractionAlreadyRetracted.
    """
    return _with_first_contact(lead, interaction.correct(lead.interactions, command))


def retract_interaction(lead: Lead, command: RetractInteraction) -> InteractionRetracted:
    """Raises UnknownInteraction, InteractionAlreadyRetracted."""
    return interaction.retract(lead.interactions, command)


def schedule_follow_up(lead: Lead, command: ScheduleFollowUp, new_id: UUID) -> FollowUpScheduled:
    """Raises FollowUpAlreadyScheduled."""
    return follow_up.schedule(lead.follow_ups, command, new_id)


def reschedule_follow_up(lead: Lead, command: RescheduleFollowUp) -> FollowUpRescheduled:
    """Raises UnknownFollowUp, FollowUpAlreadyDone."""
    return follow_up.reschedule(lead.follow_ups, command)


def complete_follow_up(lead: Lead, command: CompleteFollowUp) -> FollowUpCompleted:
    """Raises UnknownFollowUp, FollowUpAlreadyDone."""
    return follow_up.complete(lead.follow_ups, command)


def cancel_follow_up(lead: Lead, command: CancelFollowUp) -> FollowUpCancelled:
    """Raises UnknownFollowUp, FollowUpAlreadyDone."""
    return follow_up.cancel(lead.follow_ups, command)


def _with_first_contact(lead: Lead, event: InteractionLogged | InteractionCorrected) -> tuple[LeadEvent, ...]:
    if event.direction != "outbound" or lead.contacted:
        return (event,)
    return (event, LeadContacted(interaction_id=event.interaction_id))
