"""The work on a lead as on any record, and what only a lead has: the first time that one of us reached out."""

from dataclasses import replace
from uuid import UUID

from domain import work as shared
from domain.interaction import (
    CorrectInteraction,
    InteractionCorrected,
    InteractionEvent,
    InteractionLogged,
    InteractionRetracted,
    LogInteraction,
)
from domain.lead.intake import LeadContacted
from domain.lead.state import Lead
from domain.work import WorkEvent, worked
from domain.work import cancel_follow_up as cancel_follow_up
from domain.work import complete_follow_up as complete_follow_up
from domain.work import reschedule_follow_up as reschedule_follow_up
from domain.work import retract_follow_up as retract_follow_up
from domain.work import retract_interaction as retract_interaction
from domain.work import schedule_follow_up as schedule_follow_up


def evolve_work(lead: Lead, event: WorkEvent) -> Lead:
    """The lead after the event."""
    done = replace(lead, work=worked(lead.work, event))
    if not isinstance(event, InteractionEvent):
        return done
    retracted = done.work.interactions[event.interaction_id] == "retracted"
    if not retracted and reaches_out(event):
        return replace(done, contacts=lead.contacts | {event.interaction_id})
    return replace(done, contacts=lead.contacts - {event.interaction_id})


def log_interaction(lead: Lead, command: LogInteraction, new_id: UUID) -> tuple[InteractionEvent | LeadContacted, ...]:
    """Logged, and contacted when it is our first outbound one; raises LeadMerged, InteractionAlreadyLogged."""
    return _with_first_contact(lead, shared.log_interaction(lead, command, new_id))


def correct_interaction(lead: Lead, command: CorrectInteraction) -> tuple[InteractionEvent | LeadContacted, ...]:
    """Corrected, and contacted when that makes it our first outbound one.

    Raises LeadMerged, UnknownInteraction, InteractionAlreadyRetracted.
    """
    return _with_first_contact(lead, shared.correct_interaction(lead, command))


def _with_first_contact(
    lead: Lead, event: InteractionLogged | InteractionCorrected
) -> tuple[InteractionEvent | LeadContacted, ...]:
    if lead.contacted or not reaches_out(event):
        return (event,)
    return (event, LeadContacted(interaction_id=event.interaction_id))


def reaches_out(event: InteractionEvent) -> bool:
    """A note stays among us, whichever direction it was given."""
    return not isinstance(event, InteractionRetracted) and event.direction == "outbound" and event.kind != "note"
