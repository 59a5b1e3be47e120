"""The deal in a lead: stage, value, products; all of it settled once the lead is closed."""

from datetime import date
from decimal import Decimal

import pytest
from pydantic import ValidationError

from domain.event import Command, Refusal
from domain.lead import (
    AddProduct,
    AlreadyInStage,
    ChooseForecastCategory,
    LeadAlreadyClosed,
    LeadEvent,
    LeadExpectedCloseMoved,
    LeadForecastCategoryChosen,
    LeadMovedToStage,
    LeadProbabilityOverridden,
    LeadProductAdded,
    LeadProductRemoved,
    LeadProductRepriced,
    LeadProposalSent,
    LeadReopened,
    LeadValued,
    MoveExpectedClose,
    MoveLeadToStage,
    OverrideProbability,
    ProductAlreadyAdded,
    RemoveProduct,
    RepriceProduct,
    SendProposal,
    UnknownProduct,
    ValueLead,
    evolve,
    move_to_stage,
)
from domain.workspace import UnknownStage
from tests.domain.given import CLOSED, LOST, WON, given, refused
from tests.domain.histories import HUNDRED, PIPELINE, decide

ADDED = LeadProductAdded(product_id="roof", quantity=Decimal(1))
TO_PROPOSAL = LeadMovedToStage(
    from_stage="new", to_stage="proposal", pipeline="default", pipeline_version=1, probability=Decimal("0.6")
)
BACK_TO_NEW = LeadMovedToStage(
    from_stage="proposal", to_stage="new", pipeline="default", pipeline_version=1, probability=Decimal("0.1")
)


@pytest.mark.parametrize(
    ("history", "command", "happened"),
    [
        ((), MoveLeadToStage(to_stage="proposal"), TO_PROPOSAL),
        ((TO_PROPOSAL,), MoveLeadToStage(to_stage="new"), BACK_TO_NEW),
        ((WON, LeadReopened()), MoveLeadToStage(to_stage="proposal"), TO_PROPOSAL),
        ((), ValueLead(value=HUNDRED), LeadValued(value=HUNDRED)),
        (
            (),
            MoveExpectedClose(expected_close=date(2026, 5, 1)),
            LeadExpectedCloseMoved(expected_close=date(2026, 5, 1)),
        ),
        (
            (),
            OverrideProbability(probability=Decimal("0.9")),
            LeadProbabilityOverridden(probability=Decimal("0.9")),
        ),
        ((), ChooseForecastCategory(category="commit"), LeadForecastCategoryChosen(category="commit")),
        ((), AddProduct(product_id="roof"), ADDED),
        ((ADDED, LeadProductRemoved(product_id="roof")), AddProduct(product_id="roof"), ADDED),
        (
            (ADDED,),
            AddProduct(product_id="door", quantity=Decimal(2), unit_price=HUNDRED),
            LeadProductAdded(product_id="door", quantity=Decimal(2), unit_price=HUNDRED),
        ),
        (
            (ADDED,),
            RepriceProduct(product_id="roof", quantity=Decimal(3), unit_price=HUNDRED),
            LeadProductRepriced(product_id="roof", quantity=Decimal(3), unit_price=HUNDRED),
        ),
        ((ADDED,), RemoveProduct(product_id="roof"), LeadProductRemoved(product_id="roof")),
        (
            (),
            SendProposal(document="offer-7.pdf", value=HUNDRED),
            LeadProposalSent(document="offer-7.pdf", value=HUNDRED),
        ),
    ],
)
def test_when_this_is_wanted_that_happens(
    history: tuple[LeadEvent, ...], command: Command, happened: LeadEvent
) -> None:
    assert decide(given(*history), command) == (happened,)


@pytest.mark.parametrize(
    ("history", "command", "refusal", "sentence"),
    [
        ((), MoveLeadToStage(to_stage="new"), AlreadyInStage, "already in the stage new."),
        ((TO_PROPOSAL,), MoveLeadToStage(to_stage="proposal"), AlreadyInStage, "already in the stage proposal."),
        ((), MoveLeadToStage(to_stage="moon"), UnknownStage, "no such stage in the pipeline default."),
        ((ADDED,), AddProduct(product_id="roof"), ProductAlreadyAdded, "roof is already part of this deal"),
        (
            (),
            RepriceProduct(product_id="roof", quantity=Decimal(1)),
            UnknownProduct,
            "This product is not part of the deal",
        ),
        ((), RemoveProduct(product_id="roof"), UnknownProduct, "This product is not part of the deal"),
        (
            (ADDED, LeadProductRemoved(product_id="roof")),
            RemoveProduct(product_id="roof"),
            UnknownProduct,
            "This product is not part of the deal",
        ),
    ],
)
def test_what_does_not_fit_is_refused(
    history: tuple[LeadEvent, ...], command: Command, refusal: type[Refusal], sentence: str
) -> None:
    assert sentence in refused(refusal, given(*history), command)


@CLOSED
@pytest.mark.parametrize(
    "command",
    [
        MoveLeadToStage(to_stage="proposal"),
        ValueLead(value=HUNDRED),
        MoveExpectedClose(expected_close=date(2026, 5, 1)),
        OverrideProbability(probability=Decimal(1)),
        ChooseForecastCategory(category="omitted"),
        AddProduct(product_id="door"),
        RepriceProduct(product_id="roof", quantity=Decimal(2)),
        RemoveProduct(product_id="roof"),
        SendProposal(),
    ],
    ids=lambda command: type(command).__name__,
)
def test_the_deal_of_a_closed_lead_is_settled(closing: LeadEvent, command: Command) -> None:
    refused(LeadAlreadyClosed, given(ADDED, closing), command)


def test_the_same_stage_name_in_another_pipeline_is_another_stage() -> None:
    renewals = PIPELINE.model_copy(update={"name": "renewals", "version": 4})
    assert move_to_stage(given(), MoveLeadToStage(to_stage="new"), renewals) == LeadMovedToStage(
        from_stage="new", to_stage="new", pipeline="renewals", pipeline_version=4, probability=Decimal("0.1")
    )


def test_a_lead_that_was_never_captured_moves_from_nowhere() -> None:
    lead = evolve(evolve(None, LOST), LeadReopened())
    assert move_to_stage(lead, MoveLeadToStage(to_stage="new"), PIPELINE).from_stage is None


@pytest.mark.parametrize("quantity", [Decimal(0), Decimal(-1), Decimal("Infinity")])
def test_a_deal_includes_more_than_none_of_a_product(quantity: Decimal) -> None:
    with pytest.raises(ValidationError):
        AddProduct(product_id="roof", quantity=quantity)
