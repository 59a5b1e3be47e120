"""What a lead is after all that happened to it, as far as the rules need to know."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import ClassVar, Literal, TypeAlias, assert_never
from uuid import UUID

from domain.custom_field import RecordNoun
from domain.event import CustomerId, Forgotten, MemberId, Refusal, Text, Word
from domain.field_value import CustomFieldRecorded, FieldValues, with_value
from domain.interaction import InteractionCorrected, InteractionRetracted
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
from domain.merge import Absorbed, MergedInto, MergeReverted, Merges, merged
from domain.money import Money
from domain.reattribution import Reattributed
from domain.undo import EventsUndone
from domain.work import Work, WorkEvent, worked

LeadStatus: TypeAlias = Literal["open", "won", "lost", "disqualified"]


@dataclass(frozen=True)
class Lead:
    """A lead now. Every field has a default, because imported histories need not begin with the capture."""

    noun: ClassVar[RecordNoun] = "lead"

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
    conversion: LeadConverted | None = None
    reattributed_to: CustomerId | None = None
    work: Work = field(default_factory=Work)
    custom_fields: FieldValues = field(default_factory=dict)
    merges: Merges = field(default_factory=Merges)

    def must_be_in_use(self) -> None:
        """Raises LeadMerged."""
        if self.merges.into is not None:
            raise LeadMerged(survivor_id=self.merges.into.survivor_id)


def evolve(lead: Lead | None, event: LeadEvent) -> Lead:
    """The lead after the event, whatever was recorded before: facts are not judged here."""
    lead = lead or Lead()
    if isinstance(event, WorkEvent):
        return replace(_contact_checked(lead, event), work=worked(lead.work, event))
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
            return replace(lead, conversion=event)
        case LeadConversionReverted():
            return replace(lead, conversion=None)
        case MergedInto() | Absorbed() | MergeReverted():
            return replace(lead, merges=merged(lead.merges, event))
        case Reattributed():
            return replace(lead, reattributed_to=event.to_customer_id)
        case CustomFieldRecorded():
            return replace(lead, custom_fields=with_value(lead.custom_fields, event))
        case LeadExpectedCloseMoved() | LeadProbabilityOverridden() | LeadForecastCategoryChosen() | LeadProposalSent():
            return lead
        case EventsUndone():
            return lead
        case _:
            assert_never(event)


def _contact_checked(lead: Lead, event: WorkEvent) -> Lead:
    """A first contact that did not take place, or was the prospect's own doing, was none."""
    match event:
        case InteractionCorrected() if event.direction == "outbound":
            return lead
        case InteractionCorrected() | InteractionRetracted() if event.interaction_id == lead.first_contact:
            return replace(lead, contacted=False, first_contact=None)
        case _:
            return lead


class LeadMerged(Refusal):
    """This lead was merged into the lead {survivor_id}. Work there, or revert the merge first."""


class LeadAlreadyClosed(Refusal):
    """This lead is already closed as {status}. Reopen it first if it should go on."""


class LeadNotClosed(Refusal):
    """This lead is still open. Only a closed lead can be reopened or recycled."""


def must_be_open(lead: Lead) -> None:
    """Raises LeadMerged, LeadAlreadyClosed."""
    lead.must_be_in_use()
    if lead.status != "open":
        raise LeadAlreadyClosed(status=lead.status)
