"""The work on a lead as on any record, and what only a lead has: the first time that one of us reached out."""

from uuid import UUID

from domain import work as shared
from domain.interaction import CorrectInteraction, InteractionCorrected, InteractionLogged, LogInteraction
from domain.lead.events import LeadContacted, LeadEvent
from domain.lead.state import Lead
from domain.work import cancel_follow_up as cancel_follow_up
from domain.work import complete_follow_up as complete_follow_up
from domain.work import reschedule_follow_up as reschedule_follow_up
from domain.work import retract_follow_up as retract_follow_up
from domain.work import retract_interaction as retract_interaction
from domain.work import schedule_follow_up as schedule_follow_up


def log_interaction(lead: Lead, command: LogInteraction, new_id: UUID) -> tuple[LeadEvent, ...]:
    """Logged, and contacted when it is our first outbound one; raises LeadMerged, InteractionAlreadyLogged."""
    return _with_first_contact(lead, shared.log_interaction(lead, command, new_id))


def correct_interaction(lead: Lead, command: CorrectInteraction) -> tuple[LeadEvent, ...]:
    """Corrected, and contacted when that makes it our first outbound one.

    Raises LeadMerged, UnknownInteraction, InteractionAlreadyRetracted.
    """
    return _with_first_contact(lead, shared.correct_interaction(lead, command))


def _with_first_contact(lead: Lead, event: InteractionLogged | InteractionCorrected) -> tuple[LeadEvent, ...]:
    if event.direction != "outbound" or lead.contacted:
        return (event,)
    return (event, LeadContacted(interaction_id=event.interaction_id))
