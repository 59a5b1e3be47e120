"""The work on a ticket: interactions and follow-ups, possible at any time, also once it is closed, but not merged."""

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
from domain.ticket.state import Ticket, must_not_be_merged


def log_interaction(ticket: Ticket, command: LogInteraction, new_id: UUID) -> InteractionLogged:
    """Raises TicketMerged, InteractionAlreadyLogged."""
    must_not_be_merged(ticket)
    return interaction.log(ticket.interactions, command, new_id)


def correct_interaction(ticket: Ticket, command: CorrectInteraction) -> InteractionCorrected:
    """Raises TicketMerged, UnknownInteraction, InteractionAlreadyRetracted."""
    must_not_be_merged(ticket)
    return interaction.correct(ticket.interactions, command)


def retract_interaction(ticket: Ticket, command: RetractInteraction) -> InteractionRetracted:
    """Raises TicketMerged, UnknownInteraction, InteractionAlreadyRetracted."""
    must_not_be_merged(ticket)
    return interaction.retract(ticket.interactions, command)


def schedule_follow_up(ticket: Ticket, command: ScheduleFollowUp, new_id: UUID) -> FollowUpScheduled:
    """Raises TicketMerged, FollowUpAlreadyScheduled."""
    must_not_be_merged(ticket)
    return follow_up.schedule(ticket.follow_ups, command, new_id)


def reschedule_follow_up(ticket: Ticket, command: RescheduleFollowUp) -> FollowUpRescheduled:
    """Raises TicketMerged, UnknownFollowUp, FollowUpAlreadyDone."""
    must_not_be_merged(ticket)
    return follow_up.reschedule(ticket.follow_ups, command)


def complete_follow_up(ticket: Ticket, command: CompleteFollowUp) -> FollowUpCompleted:
    """Raises TicketMerged, UnknownFollowUp, FollowUpAlreadyDone."""
    must_not_be_merged(ticket)
    return follow_up.complete(ticket.follow_ups, command)


def cancel_follow_up(ticket: Ticket, command: CancelFollowUp) -> FollowUpCancelled:
    """Raises TicketMerged, UnknownFollowUp, FollowUpAlreadyDone."""
    must_not_be_merged(ticket)
    return follow_up.cancel(ticket.follow_ups, command)
