"""The deal in a lead: its stage, value, expected close, chance, forecast category, products and proposals."""

from datetime import date
from decimal import Decimal

from domain.event import Command, Refusal, Text, Word
from domain.lead.events import (
    ForecastCategory,
    LeadExpectedCloseMoved,
    LeadForecastCategoryChosen,
    LeadMovedToStage,
    LeadProbabilityOverridden,
    LeadProductAdded,
    LeadProductRemoved,
    LeadProductRepriced,
    LeadProposalSent,
    LeadValued,
    Quantity,
)
from domain.lead.state import Lead, must_be_open
from domain.money import Money
from domain.workspace import Pipeline, Probability


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
    """Raises LeadMerged, LeadAlreadyClosed."""
    must_be_open(lead)
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
    """Raises LeadMerged, LeadAlreadyClosed, ProductAlreadyAdded."""
    must_be_open(lead)
    if command.product_id in lead.products:
        raise ProductAlreadyAdded(product_id=command.product_id)
    return LeadProductAdded(product_id=command.product_id, quantity=command.quantity, unit_price=command.unit_price)


def reprice_product(lead: Lead, command: RepriceProduct) -> LeadProductRepriced:
    """Raises LeadMerged, LeadAlreadyClosed, UnknownProduct."""
    _must_include(lead, command.product_id)
    return LeadProductRepriced(product_id=command.product_id, quantity=command.quantity, unit_price=command.unit_price)


def remove_product(lead: Lead, command: RemoveProduct) -> LeadProductRemoved:
    """Raises LeadMerged, LeadAlreadyClosed, UnknownProduct."""
    _must_include(lead, command.product_id)
    return LeadProductRemoved(product_id=command.product_id)


def send_proposal(lead: Lead, command: SendProposal) -> LeadProposalSent:
    """Raises LeadMerged, LeadAlreadyClosed."""
    must_be_open(lead)
    return LeadProposalSent(document=command.document, value=command.value)


def _must_include(lead: Lead, product_id: Word) -> None:
    must_be_open(lead)
    if product_id not in lead.products:
        raise UnknownProduct()
