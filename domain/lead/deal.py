"""The deal in a lead: its stage, value, expected close, chance, forecast category, products and proposals."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Annotated, ClassVar, Literal, TypeAlias, assert_never

from pydantic import Field

from domain.event import Command, Event, OptionalPersonalText, Refusal, Text, Word
from domain.lead.state import Lead, must_be_open
from domain.money import Money, must_be_payable, must_be_price
from domain.phrases import after, percent, plain, said
from domain.workspace import Pipeline, Probability

ForecastCategory: TypeAlias = Literal["pipeline", "best_case", "commit", "omitted"]

Quantity = Annotated[Decimal, Field(gt=0, max_digits=20, decimal_places=6, allow_inf_nan=False)]


class LeadMovedToStage(Event):
    """The lead went to another stage and takes that stage's chance of being won, also in place of one overridden."""

    from_stage: Word | None = None
    to_stage: Word
    pipeline: Word
    pipeline_version: int
    probability: Probability

    def in_words(self) -> str:
        return f"Moved{after(' from ', self.from_stage)} to {self.to_stage}"


class LeadValued(Event):
    """The deal is now thought to be worth this."""

    value: Money

    def in_words(self) -> str:
        return f"Valued at {said(self.value)}"


class LeadExpectedCloseMoved(Event):
    """The deal is now expected to be decided on this day."""

    expected_close: date

    def in_words(self) -> str:
        return f"Expected to close on {self.expected_close}"


class LeadProbabilityOverridden(Event):
    """Somebody judges the chance to win otherwise than the stage does; it holds until the next stage."""

    probability: Probability

    def in_words(self) -> str:
        return f"Chance to win judged as {percent(self.probability)}"


class LeadForecastCategoryChosen(Event):
    """Somebody says how firmly the deal may be counted on in the forecast."""

    category: ForecastCategory

    def in_words(self) -> str:
        return f"Forecast as {self.category.replace('_', ' ')}"


class LeadProductAdded(Event):
    """The deal now includes a product."""

    product_id: Word
    quantity: Quantity
    unit_price: Money | None = None

    def in_words(self) -> str:
        return f"Added {_line(self)}"


class LeadProductRepriced(Event):
    """A product of the deal has another quantity or price."""

    product_id: Word
    quantity: Quantity
    unit_price: Money | None = None

    def in_words(self) -> str:
        return f"Changed to {_line(self)}"


class LeadProductRemoved(Event):
    """A product is no longer part of the deal."""

    product_id: Word

    def in_words(self) -> str:
        return f"Removed {self.product_id}"


class LeadProposalSent(Event):
    """The prospect was sent an offer; what it amounts to does not change the lead's own value."""

    is_fact: ClassVar[bool] = True

    document: OptionalPersonalText = None
    value: Money | None = None

    def in_words(self) -> str:
        return f"Proposal sent{after(' for ', self.value)}{after(': ', self.document)}"


DealEvent: TypeAlias = (
    LeadMovedToStage
    | LeadValued
    | LeadExpectedCloseMoved
    | LeadProbabilityOverridden
    | LeadForecastCategoryChosen
    | LeadProductAdded
    | LeadProductRepriced
    | LeadProductRemoved
    | LeadProposalSent
)


def evolve_deal(lead: Lead, event: DealEvent) -> Lead:
    """The lead after the event."""
    match event:
        case LeadMovedToStage():
            return replace(lead, pipeline=event.pipeline, stage=event.to_stage)
        case LeadValued():
            return replace(lead, value=event.value)
        case LeadProductAdded() | LeadProductRepriced():
            return replace(lead, products=lead.products | {event.product_id})
        case LeadProductRemoved():
            return replace(lead, products=lead.products - {event.product_id})
        case LeadExpectedCloseMoved() | LeadProbabilityOverridden() | LeadForecastCategoryChosen() | LeadProposalSent():
            return lead
        case _:
            assert_never(event)


class MoveLeadToStage(Command):
    """Move the lead to another stage of the pipeline."""

    to_stage: Word


class ValueLead(Command):
    """Say what the deal is thought to be worth."""

    value: Money


class MoveExpectedClose(Command):
    """Say by which day the deal should be decided."""

    expected_close: date


class OverrideProbability(Command):
    """Judge the chance to win otherwise than the stage does, until the next stage."""

    probability: Probability


class ChooseForecastCategory(Command):
    """Say how firmly the deal may be counted on in the forecast."""

    category: ForecastCategory


class AddProduct(Command):
    """Add a product to the deal."""

    product_id: Word
    quantity: Quantity = Decimal(1)
    unit_price: Money | None = None


class RepriceProduct(Command):
    """Give a product of the deal another quantity or price."""

    product_id: Word
    quantity: Quantity
    unit_price: Money | None = None


class RemoveProduct(Command):
    """Take a product out of the deal."""

    product_id: Word


class SendProposal(Command):
    """Record that the prospect was sent an offer."""

    document: Text | None = None
    value: Money | None = None


class AlreadyInStage(Refusal):
    """This lead is already in the stage {stage}."""


class ProductAlreadyAdded(Refusal):
    """The product {product_id} is already part of this deal. Reprice it to change quantity or price."""


class UnknownProduct(Refusal):
    """This product is not part of the deal. Add it first."""


def move_to_stage(lead: Lead, command: MoveLeadToStage, pipeline: Pipeline) -> LeadMovedToStage:
    """To a stage of that pipeline, forwards or backwards.

    Raises LeadMerged, LeadAlreadyClosed, UnknownStage, AlreadyInStage.
    """
    must_be_open(lead)
    stage = pipeline.stage(command.to_stage)
    if (lead.pipeline, lead.stage) == (pipeline.name, stage.name):
        raise AlreadyInStage(stage=stage.name)
    return LeadMovedToStage(
        from_stage=lead.stage,
        to_stage=stage.name,
        pipeline=pipeline.name,
        pipeline_version=pipeline.version,
        probability=stage.probability,
    )


def value(lead: Lead, command: ValueLead) -> LeadValued:
    """Raises LeadMerged, LeadAlreadyClosed, UnknownCurrency, AmountNegative, AmountNotPayable."""
    must_be_open(lead)
    must_be_payable(command.value)
    return LeadValued(value=command.value)


def move_expected_close(lead: Lead, command: MoveExpectedClose) -> LeadExpectedCloseMoved:
    """Raises LeadMerged, LeadAlreadyClosed."""
    must_be_open(lead)
    return LeadExpectedCloseMoved(expected_close=command.expected_close)


def override_probability(lead: Lead, command: OverrideProbability) -> LeadProbabilityOverridden:
    """Raises LeadMerged, LeadAlreadyClosed."""
    must_be_open(lead)
    return LeadProbabilityOverridden(probability=command.probability)


def choose_forecast_category(lead: Lead, command: ChooseForecastCategory) -> LeadForecastCategoryChosen:
    """Raises LeadMerged, LeadAlreadyClosed."""
    must_be_open(lead)
    return LeadForecastCategoryChosen(category=command.category)


def add_product(lead: Lead, command: AddProduct) -> LeadProductAdded:
    """Raises LeadMerged, LeadAlreadyClosed, ProductAlreadyAdded, UnknownCurrency, AmountNegative."""
    must_be_open(lead)
    if command.unit_price:
        must_be_price(command.unit_price)
    if command.product_id in lead.products:
        raise ProductAlreadyAdded(product_id=command.product_id)
    return LeadProductAdded(product_id=command.product_id, quantity=command.quantity, unit_price=command.unit_price)


def reprice_product(lead: Lead, command: RepriceProduct) -> LeadProductRepriced:
    """Raises LeadMerged, LeadAlreadyClosed, UnknownProduct, UnknownCurrency, AmountNegative."""
    _must_include(lead, command.product_id)
    if command.unit_price:
        must_be_price(command.unit_price)
    return LeadProductRepriced(product_id=command.product_id, quantity=command.quantity, unit_price=command.unit_price)


def remove_product(lead: Lead, command: RemoveProduct) -> LeadProductRemoved:
    """Raises LeadMerged, LeadAlreadyClosed, UnknownProduct."""
    _must_include(lead, command.product_id)
    return LeadProductRemoved(product_id=command.product_id)


def send_proposal(lead: Lead, command: SendProposal) -> LeadProposalSent:
    """Raises LeadMerged, LeadAlreadyClosed, UnknownCurrency, AmountNegative, AmountNotPayable."""
    must_be_open(lead)
    if command.value:
        must_be_payable(command.value)
    return LeadProposalSent(document=command.document, value=command.value)


def _must_include(lead: Lead, product_id: Word) -> None:
    must_be_open(lead)
    if product_id not in lead.products:
        raise UnknownProduct()


def _line(event: LeadProductAdded | LeadProductRepriced) -> str:
    return f"{plain(event.quantity)} x {event.product_id}{after(' at ', event.unit_price)}"
