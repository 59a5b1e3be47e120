"""All that can happen to a lead, and what it is after that."""

from dataclasses import replace
from typing import TypeAlias, assert_never

from domain.field_value import CustomFieldRecorded, with_value
from domain.lead.deal import DealEvent, evolve_deal
from domain.lead.intake import IntakeEvent, evolve_intake
from domain.lead.outcome import OutcomeEvent, evolve_outcome
from domain.lead.scoring import ScoringEvent, evolve_scoring
from domain.lead.stakeholders import StakeholderEvent, evolve_stakeholders
from domain.lead.state import Lead
from domain.lead.ties import TieEvent, evolve_ties
from domain.lead.work import evolve_work
from domain.undo import EventsUndone
from domain.work import WorkEvent

LeadEvent: TypeAlias = (
    IntakeEvent
    | DealEvent
    | ScoringEvent
    | StakeholderEvent
    | OutcomeEvent
    | TieEvent
    | WorkEvent
    | CustomFieldRecorded
    | EventsUndone
)


def evolve(lead: Lead | None, event: LeadEvent) -> Lead:
    """The lead after the event, whatever was recorded before: facts are not judged here."""
    lead = lead or Lead()
    if isinstance(event, IntakeEvent):
        return evolve_intake(lead, event)
    if isinstance(event, DealEvent):
        return evolve_deal(lead, event)
    if isinstance(event, ScoringEvent):
        return evolve_scoring(lead, event)
    if isinstance(event, StakeholderEvent):
        return evolve_stakeholders(lead, event)
    if isinstance(event, WorkEvent):
        return evolve_work(lead, event)
    if isinstance(event, OutcomeEvent):
        return evolve_outcome(lead, event)
    if isinstance(event, TieEvent):
        return evolve_ties(lead, event)
    match event:
        case CustomFieldRecorded():
            return replace(lead, custom_fields=with_value(lead.custom_fields, event))
        case EventsUndone():
            return lead
        case _:
            assert_never(event)
