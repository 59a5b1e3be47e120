"""How a lead begins: captured, assigned to somebody, contacted for the first time, qualified."""

from dataclasses import replace
from typing import Annotated, ClassVar, TypeAlias, assert_never
from uuid import UUID

from pydantic import Field

from domain.customer import CustomerKind
from domain.event import (
    Command,
    CustomerId,
    Event,
    ExternalKey,
    MemberId,
    Moment,
    OptionalPersonalText,
    PersonalText,
    PersonalTexts,
    Refusal,
    Text,
    Word,
)
from domain.lead.deal import LeadValued
from domain.lead.state import Lead, must_be_open
from domain.money import Money, must_be_payable
from domain.phrases import after, assigned, said
from domain.workspace import Pipeline, Probability, Workspace, must_be_active

Score = Annotated[int, Field(ge=-1_000_000, le=1_000_000)]


class LeadCaptured(Event):
    """Somebody may want to buy: a new lead, in the first or a given stage of a pipeline."""

    begins_history: ClassVar[bool] = True

    title: PersonalText
    source: Word | None = None
    campaign_id: UUID | None = None
    form: PersonalTexts = Field(default_factory=dict)
    pipeline: Word
    pipeline_version: int
    stage: Word
    probability: Probability
    received_at: Moment | None = None
    inbound: bool = True
    external_ids: PersonalTexts = Field(default_factory=dict)

    def in_words(self) -> str:
        return f"Captured in stage {self.stage}{after(' from ', self.source)}: {said(self.title)}"


class LeadCaptureCorrected(Event):
    """The first touch was recorded wrongly: it took place when this occurred, with this source and these ids."""

    source: Word | None = None
    external_ids: PersonalTexts = Field(default_factory=dict)

    def in_words(self) -> str:
        return f"Capture corrected{after(': it came from ', self.source)}"


class LeadRetitled(Event):
    """The lead has a new title."""

    title: PersonalText

    def in_words(self) -> str:
        return f"Title: {said(self.title)}"


class LeadAssigned(Event):
    """The lead is now somebody's, or a team's; without either, nobody's."""

    owner_id: MemberId | None = None
    team: Word | None = None
    rule: Word | None = None

    def in_words(self) -> str:
        return assigned(self.owner_id, self.team, self.rule)


class LeadContacted(Event):
    """For the first time, as far as was known then, one of us reached out to the prospect; how fast we were counts from
    the earliest contact that stands."""

    is_fact: ClassVar[bool] = True

    interaction_id: UUID | None = None

    def in_words(self) -> str:
        return "Contacted for the first time"


class LeadQualified(Event):
    """The lead is worth selling to: need, budget or whatever the criteria are have been checked."""

    criteria: OptionalPersonalText = None
    score: Score | None = None

    def in_words(self) -> str:
        return f"Qualified{after(' with score ', self.score)}{after(': ', self.criteria)}"


IntakeEvent: TypeAlias = (
    LeadCaptured | LeadCaptureCorrected | LeadRetitled | LeadAssigned | LeadContacted | LeadQualified
)


def evolve_intake(lead: Lead, event: IntakeEvent) -> Lead:
    """The lead after the event."""
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
            retracted = event.interaction_id and lead.work.interactions.get(event.interaction_id) == "retracted"
            return lead if retracted else replace(lead, contacts=lead.contacts | {event.interaction_id})
        case LeadQualified():
            return replace(lead, qualified=True)
        case _:
            assert_never(event)


class CaptureLead(Command):
    """Take up a new lead, of a known customer or of somebody new."""

    title: Text
    customer_id: CustomerId | None = None
    customer_name: Text | None = None
    customer_kind: CustomerKind = "person"
    source: Word | None = None
    campaign_id: UUID | None = None
    form: dict[Word, Text] = Field(default_factory=dict)
    pipeline: Word = "default"
    stage: Word | None = None
    received_at: Moment | None = None
    inbound: bool = True
    external_ids: dict[Word, ExternalKey] = Field(default_factory=dict)
    owner_id: MemberId | None = None
    value: Money | None = None


class RetitleLead(Command):
    """Give the lead another title."""

    title: Text


class AssignLead(Command):
    """Hand the lead to somebody or to a team; to nobody when both are left out."""

    owner_id: MemberId | None = None
    team: Word | None = None
    rule: Word | None = None


class ContactLead(Command):
    """Say that one of us has reached out to the prospect, when the interaction itself is not logged."""

    interaction_id: UUID | None = None


class QualifyLead(Command):
    """Say that the lead is worth selling to."""

    criteria: Text | None = None
    score: Score | None = None


class LeadAlreadyContacted(Refusal):
    """This lead was already contacted. Log the interaction instead."""


class LeadAlreadyQualified(Refusal):
    """This lead is already qualified."""


def capture(command: CaptureLead, pipeline: Pipeline, workspace: Workspace) -> tuple[IntakeEvent | LeadValued, ...]:
    """Captured, then assigned and valued when owner and value are given.

    Raises UnknownStage, UnknownMember, UnknownCurrency, AmountNegative, AmountNotPayable.
    """
    if command.owner_id is not None:
        must_be_active(workspace, command.owner_id)
    if command.value:
        must_be_payable(command.value)
    stage = pipeline.stage(command.stage) if command.stage else pipeline.first_stage
    captured = LeadCaptured(
        title=command.title,
        source=command.source,
        campaign_id=command.campaign_id,
        form=command.form,
        pipeline=pipeline.name,
        pipeline_version=pipeline.version,
        stage=stage.name,
        probability=stage.probability,
        received_at=command.received_at,
        inbound=command.inbound,
        external_ids=command.external_ids,
    )
    assigned = (LeadAssigned(owner_id=command.owner_id),) if command.owner_id else ()
    valued = (LeadValued(value=command.value),) if command.value else ()
    return (captured, *assigned, *valued)


def retitle(lead: Lead, command: RetitleLead) -> LeadRetitled:
    """At any time; raises LeadMerged."""
    lead.must_be_in_use()
    return LeadRetitled(title=command.title)


def assign(lead: Lead, command: AssignLead, workspace: Workspace) -> LeadAssigned:
    """At any time, also once closed: somebody looks after it. Raises LeadMerged, UnknownMember."""
    lead.must_be_in_use()
    if command.owner_id is not None:
        must_be_active(workspace, command.owner_id)
    return LeadAssigned(owner_id=command.owner_id, team=command.team, rule=command.rule)


def contact(lead: Lead, command: ContactLead) -> LeadContacted:
    """Only the first time, but also once closed; raises LeadMerged, LeadAlreadyContacted."""
    lead.must_be_in_use()
    if lead.contacted:
        raise LeadAlreadyContacted()
    return LeadContacted(interaction_id=command.interaction_id)


def qualify(lead: Lead, command: QualifyLead) -> LeadQualified:
    """Raises LeadMerged, LeadAlreadyClosed, LeadAlreadyQualified."""
    must_be_open(lead)
    if lead.qualified:
        raise LeadAlreadyQualified()
    return LeadQualified(criteria=command.criteria, score=command.score)
