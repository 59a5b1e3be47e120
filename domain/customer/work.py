"""The work with a customer: interactions and follow-ups, at any time, also once she has left, but not merged."""

from uuid import UUID

from domain import follow_up, interaction
from domain.customer.state import Customer, must_be_in_use
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


def log_interaction(customer: Customer, command: LogInteraction, new_id: UUID) -> InteractionLogged:
    """Raises CustomerAlreadyForgotten, CustomerMerged, InteractionAlreadyLogged."""
    must_be_in_use(customer)
    return interaction.log(customer.interactions, command, new_id)


def correct_interaction(customer: Customer, command: CorrectInteraction) -> InteractionCorrected:
    """Raises CustomerAlreadyForgotten, CustomerMerged, UnknownInteraction, InteractionAlreadyRetracted."""
    must_be_in_use(customer)
    return interaction.correct(customer.interactions, command)


def retract_interaction(customer: Customer, command: RetractInteraction) -> InteractionRetracted:
    """Raises CustomerAlreadyForgotten, CustomerMerged, UnknownInteraction, InteractionAlreadyRetracted."""
    must_be_in_use(customer)
    return interaction.retract(customer.interactions, command)


def schedule_follow_up(customer: Customer, command: ScheduleFollowUp, new_id: UUID) -> FollowUpScheduled:
    """Raises CustomerAlreadyForgotten, CustomerMerged, FollowUpAlreadyScheduled."""
    must_be_in_use(customer)
    return follow_up.schedule(customer.follow_ups, command, new_id)


def reschedule_follow_up(customer: Customer, command: RescheduleFollowUp) -> FollowUpRescheduled:
    """Raises CustomerAlreadyForgotten, CustomerMerged, UnknownFollowUp, FollowUpAlreadyDone."""
    must_be_in_use(customer)
    return follow_up.reschedule(customer.follow_ups, command)


def complete_follow_up(customer: Customer, command: CompleteFollowUp) -> FollowUpCompleted:
    """Raises CustomerAlreadyForgotten, CustomerMerged, UnknownFollowUp, FollowUpAlreadyDone."""
    must_be_in_use(customer)
    return follow_up.complete(customer.follow_ups, command)


def cancel_follow_up(customer: Customer, command: CancelFollowUp) -> FollowUpCancelled:
    """Raises CustomerAlreadyForgotten, CustomerMerged, UnknownFollowUp, FollowUpAlreadyDone."""
    must_be_in_use(customer)
    return follow_up.cancel(customer.follow_ups, command)
