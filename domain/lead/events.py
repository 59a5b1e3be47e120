"""What can happen to a lead, from first touch to won or lost and after."""

from datetime import date
from decimal import Decimal
from typing import Annotated, ClassVar, Literal, TypeAlias
from uuid import UUID

from pydantic import Field

from domain.event import CustomerId, Event, MemberId, Moment, OptionalPersonalText, PersonalText, PersonalTexts, Word
from domain.field_value import CustomFieldRecorded
from domain.merge import MergeEvent
from domain.money import Money
from domain.reattribution import Reattributed
from domain.undo import EventsUndone
from domain.work import WorkEvent
from domain.workspace import Probability

ForecastCategory: TypeAlias = Literal["pipeline", "best_case", "commit", "omitted"]

Score = Annotated[int, Field(ge=-1_000_000, le=1_000_000)]
Quantity = Annotated[Decimal, Field(gt=0, max_digits=20, decimal_places=6, allow_inf_nan=False)]


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


class LeadCaptureCorrected(Event):
    """The first touch was recorded wrongly: it took place when this occurred, with this source and these ids."""

    source: Word | None = None
    external_ids: PersonalTexts = Field(default_factory=dict)


class LeadRetitled(Event):
    """The lead has a new title."""

    title: PersonalText


class LeadAssigned(Event):
    """The lead is now somebody's, or a team's; without either, nobody's."""

    owner_id: MemberId | None = None
    team: Word | None = None
    rule: Word | None = None


class LeadContacted(Event):
    """For the first time one of us reached out to the prospect; how fast we were counts from here."""

    is_fact: ClassVar[bool] = True

    interaction_id: UUID | None = None


class LeadQualified(Event):
    """The lead is worth selling to: need, budget or whatever the criteria are have been checked."""

    criteria: OptionalPersonalText = None
    score: Score | None = None


class LeadDisqualified(Event):
    """The lead was never one for us: it is closed, and counts neither as won nor as lost."""

    reason: OptionalPersonalText = None


class LeadRecycled(Event):
    """A lost or disqualified lead is open again, to be nurtured, at the latest until a day; it keeps its stage."""

    until: date | None = None
    reason: OptionalPersonalText = None


class LeadReopened(Event):
    """A closed lead is open again, because the deal goes on or was closed by mistake."""

    reason: OptionalPersonalText = None


class LeadMovedToStage(Event):
    """The lead went to another stage and takes that stage's chance of being won, also in place of one overridden."""

    from_stage: Word | None = None
    to_stage: Word
    pipeline: Word
    pipeline_version: int
    probability: Probability


class LeadValued(Event):
    """The deal is now thought to be worth this."""

    value: Money


class LeadExpectedCloseMoved(Event):
    """The deal is now expected to be decided on this day."""

    expected_close: date


class LeadProbabilityOverridden(Event):
    """Somebody judges the chance to win otherwise than the stage does; it holds until the next stage."""

    probability: Probability


class LeadForecastCategoryChosen(Event):
    """Somebody says how firmly the deal may be counted on in the forecast."""

    category: ForecastCategory


class LeadProductAdded(Event):
    """The deal now includes a product."""

    product_id: Word
    quantity: Quantity
    unit_price: Money | None = None


class LeadProductRepriced(Event):
    """A product of the deal has another quantity or price."""

    product_id: Word
    quantity: Quantity
    unit_price: Money | None = None


class LeadProductRemoved(Event):
    """A product is no longer part of the deal."""

    product_id: Word


class LeadProposalSent(Event):
    """The prospect was sent an offer; what it amounts to does not change the lead's own value."""

    is_fact: ClassVar[bool] = True

    document: OptionalPersonalText = None
    value: Money | None = None


class LeadWon(Event):
    """The prospect bought, for this value if one is known; the lead is closed."""

    value: Money | None = None
    won_on: date | None = None


class LeadLost(Event):
    """The prospect did not buy, or bought elsewhere; the lead is closed."""

    reason: OptionalPersonalText = None
    competitor: OptionalPersonalText = None


class LeadConverted(Event):
    """The prospect became a customer in her own right, or is the one of that id, into whom that merge brought her."""

    can_be_undone: ClassVar[bool] = False

    customer_id: CustomerId | None = None
    # without one, she lived on there already
    merge_id: UUID | None = None


class LeadConversionReverted(Event):
    """The prospect had not become a customer after all; the merge is the one of her conversion."""

    can_be_undone: ClassVar[bool] = False

    merge_id: UUID | None = None
    reason: OptionalPersonalText = None


LeadEvent: TypeAlias = (
    LeadCaptured
    | LeadCaptureCorrected
    | LeadRetitled
    | LeadAssigned
    | LeadContacted
    | LeadQualified
    | LeadDisqualified
    | LeadRecycled
    | LeadReopened
    | LeadMovedToStage
    | LeadValued
    | LeadExpectedCloseMoved
    | LeadProbabilityOverridden
    | LeadForecastCategoryChosen
    | LeadProductAdded
    | LeadProductRepriced
    | LeadProductRemoved
    | LeadProposalSent
    | LeadWon
    | LeadLost
    | LeadConverted
    | LeadConversionReverted
    | MergeEvent
    | Reattributed
    | CustomFieldRecorded
    | WorkEvent
    | EventsUndone
)
