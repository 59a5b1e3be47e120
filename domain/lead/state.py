"""What a lead is after all that happened to it, as far as the rules need to know."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal, TypeAlias, assert_never
from uuid import UUID

from domain import follow_up, interaction
from domain.event import Forgotten, MemberId, Refusal, Text, Word
from domain.follow_up import FollowUpCancelled, FollowUpCompleted, FollowUpRescheduled, FollowUps, FollowUpScheduled
from domain.interaction import InteractionCorrected, InteractionLogged, InteractionRetracted, Interactions
from domain.lead.events import (
    LeadAssigned,
    LeadCaptureCorrected,
    LeadCaptured,
    LeadContacted,
    LeadConversionReverted,
    LeadConverted,
    LeadDisqualified,
    LeadEvent,
    LeadExpectedCloseMoved,
    LeadForecastCategoryChosen,
    LeadLost,
    LeadMovedToStage,
    LeadProbabilityOverridden,
    LeadProductAdded,
    LeadProductRemoved,
    LeadProductRepriced,
    LeadProposalSent,
    LeadQualified,
    LeadRecycled,
    LeadReopened,
    LeadRetitled,
    LeadValued,
    LeadWon,
)
from domain.money import Money

LeadStatus: TypeAlias = Literal["open", "won", "lost", "disqualified"]


@dataclass(frozen=True)
class Lead:
    """A lead now. Every field has a default, because imported histories need not begin with the capture."""

    status: LeadStatus = "open"
    title: Text | Forgotten | None = None
    source: Word | None = None
    external_ids: Mapping[Word, Text] | Forgotten = field(default_factory=dict)
    pipeline: Word | None = None
    stage: Word | None = None
    owner_id: MemberId | None = None
    team: Word | None = None
    contacted: bool = False
    first_contact: UUID | None = None
    qualified: bool = False
    recycled_until: date | None = None
    value: Money | None = None
    products: frozenset[Word] = frozenset()
    converted: bool = False
    interactions: Interactions = field(default_factory=Interactions)
    follow_ups: FollowUps = field(default_factory=FollowUps)


def evolve(lead: Lead | None, event: LeadEvent) -> Lead:
    """The lead after the event, whatever was recorded before: facts are not judged here."""
    lead = lead or Lead()
    match event:
        case LeadCaptured():
            return replace(
                lead,
                title=event.title,
                source=event.source,
                external_ids=event.external_ids,
                pipeline=event.pipeline,
                stage=event.stage,
            )
        case LeadCaptureCorrected():
            return replace(lead, source=event.source, external_ids=event.external_ids)
        case LeadRetitled():
            return replace(lead, title=event.title)
        case LeadAssigned():
            return replace(lead, owner_id=event.owner_id, team=event.team)
        case LeadContacted():
            return replace(lead, contacted=True, first_contact=event.interaction_id)
        case LeadQualified():
            return replace(lead, qualified=True)
        case LeadDisqualified():
            return replace(lead, status="disqualified", qualified=False, recycled_until=None)
        case LeadRecycled():
            return replace(lead, status="open", qualified=False, recycled_until=event.until)
        case LeadReopened():
            return replace(lead, status="open", recycled_until=None)
        case LeadMovedToStage():
            return replace(lead, pipeline=event.pipeline, stage=event.to_stage)
        case LeadValued():
            return replace(lead, value=event.value)
        case LeadProductAdded() | LeadProductRepriced():
            return replace(lead, products=lead.products | {event.product_id})
        case LeadProductRemoved():
            return replace(lead, products=lead.products - {event.product_id})
        case LeadWon():
            return replace(lead, status="won", value=event.value or lead.value, recycled_until=None)
        case LeadLost():
            return replace(lead, status="lost", recycled_until=None)
        case LeadConverted():
            return replace(lead, converted=True)
        case LeadConversionReverted():
            return replace(lead, converted=False)
        case InteractionLogged():
            return replace(lead, interactions=interaction.evolve(lead.interactions, event))
        case InteractionCorrected() | InteractionRetracted():
            return replace(_contact_checked(lead, event), interactions=interaction.evolve(lead.interactions, event))
        case FollowUpScheduled() | FollowUpRescheduled() | FollowUpCompleted() | FollowUpCancelled():
            return replace(lead, follow_ups=follow_up.evolve(lead.follow_ups, event))
        case LeadExpectedCloseMoved() | LeadProbabilityOverridden() | LeadForecastCategoryChosen() | LeadProposalSent():
            return lead
        case _:
            assert_never(event)


def _contact_checked(lead: Lead, event: InteractionCorrected | InteractionRetracted) -> Lead:
    """A first contact that did not take place, or was the prospect's own doing, was none."""
    stands = isinstance(event, InteractionCorrected) and event.direction == "outbound"
    if lead.first_contact != event.interaction_id or stands:
        return lead
    return replace(lead, contacted=False, first_contact=None)


class LeadAlreadyClosed(Refusal):
    """This lead is already closed as {status}. Reopen it first if it should go on."""


class LeadNotClosed(Refusal):
    """This lead is still open. Only a closed lead can be reopened or recycled."""


def must_be_open(lead: Lead) -> None:
    """Raises LeadAlreadyClosed."""
    if lead.status != "open":
        raise LeadAlreadyClosed(status=lead.status)
