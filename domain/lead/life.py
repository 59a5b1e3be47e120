"""A lead's life: captured, assigned, contacted, qualified; won, lost or disqualified; open again."""

from datetime import date
from uuid import UUID

from pydantic import Field

from domain.customer import CustomerKind
from domain.event import Command, CustomerId, ExternalKey, MemberId, Moment, Refusal, Text, Word
from domain.lead.events import (
    LeadAssigned,
    LeadCaptured,
    LeadContacted,
    LeadDisqualified,
    LeadEvent,
    LeadLost,
    LeadQualified,
    LeadRecycled,
    LeadReopened,
    LeadRetitled,
    LeadValued,
    LeadWon,
    Score,
)
from domain.lead.state import Lead, LeadAlreadyClosed, LeadNotClosed, must_be_open
from domain.money import Money
from domain.workspace import Pipeline


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


class DisqualifyLead(Command):
    """Close a lead that was never one for us."""

    reason: Text | None = None


class RecycleLead(Command):
    """Put a lost or disqualified lead back into nurture."""

    until: date | None = None
    reason: Text | None = None


class ReopenLead(Command):
    """Open a closed lead again."""

    reason: Text | None = None


class WinLead(Command):
    """Close the lead as won, for the given value or else the lead's own."""

    value: Money | None = None
    won_on: date | None = None


class LoseLead(Command):
    """Close the lead as lost."""

    reason: Text | None = None
    competitor: Text | None = None


class LeadAlreadyContacted(Refusal):
    """This lead was already contacted. Log the interaction instead."""


class LeadAlreadyQualified(Refusal):
    """This lead is already qualified."""


def capture(command: CaptureLead, pipeline: Pipeline) -> tuple[LeadEvent, ...]:
    """Captured, then assigned and valued when owner and value are given; raises UnknownStage."""
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


def assign(lead: Lead, command: AssignLead) -> LeadAssigned:
    """At any time, also once closed: somebody looks after it. Raises LeadMerged."""
    lead.must_be_in_use()
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


def disqualify(lead: Lead, command: DisqualifyLead) -> LeadDisqualified:
    """Raises LeadMerged, LeadAlreadyClosed."""
    must_be_open(lead)
    return LeadDisqualified(reason=command.reason)


def recycle(lead: Lead, command: RecycleLead) -> LeadRecycled:
    """Raises LeadMerged, LeadNotClosed, and LeadAlreadyClosed for a lead that was won."""
    lead.must_be_in_use()
    if lead.status == "open":
        raise LeadNotClosed()
    if lead.status == "won":
        raise LeadAlreadyClosed(status=lead.status)
    return LeadRecycled(until=command.until, reason=command.reason)


def reopen(lead: Lead, command: ReopenLead) -> LeadReopened:
    """Raises LeadMerged, LeadNotClosed."""
    lead.must_be_in_use()
    if lead.status == "open":
        raise LeadNotClosed()
    return LeadReopened(reason=command.reason)


def win(lead: Lead, command: WinLead) -> LeadWon:
    """Raises LeadMerged, LeadAlreadyClosed."""
    must_be_open(lead)
    return LeadWon(value=command.value or lead.value, won_on=command.won_on)


def lose(lead: Lead, command: LoseLead) -> LeadLost:
    """Raises LeadMerged, LeadAlreadyClosed."""
    must_be_open(lead)
    return LeadLost(reason=command.reason, competitor=command.competitor)
