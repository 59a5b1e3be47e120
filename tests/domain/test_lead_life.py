"""A lead's life: what the rules accept, and what they refuse."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from domain.customer import UnknownContactPerson
from domain.event import Command, MemberId, Refusal
from domain.lead import (
    AddProduct,
    AddStakeholder,
    AssignLead,
    CaptureLead,
    ContactLead,
    DisqualifyLead,
    LeadAlreadyClosed,
    LeadAlreadyContacted,
    LeadAlreadyQualified,
    LeadAssigned,
    LeadCaptured,
    LeadContacted,
    LeadEvent,
    LeadLost,
    LeadNotClosed,
    LeadProductAdded,
    LeadQualified,
    LeadRecycled,
    LeadReopened,
    LeadRetitled,
    LeadScored,
    LeadStakeholderAdded,
    LeadStakeholderRemoved,
    LeadValued,
    LeadWon,
    LoseLead,
    QualifyLead,
    RecycleLead,
    RemoveStakeholder,
    ReopenLead,
    RepriceProduct,
    RetitleLead,
    ScoreLead,
    SendProposal,
    StakeholderAlreadyAdded,
    UnknownStakeholder,
    ValueLead,
    WinLead,
    WonInFuture,
    add_stakeholder,
    assign,
    capture,
    win,
)
from domain.money import AmountNegative, AmountNotPayable, Money, UnknownCurrency
from domain.workspace import UnknownMember, UnknownStage
from tests.domain.given import CAPTURED, CLOSED, DISQUALIFIED, LOST, WON, given, refused
from tests.domain.histories import DAY, EUR, HUNDRED, IDS, PIPELINE, WORKSPACE, decide

ALICE = MemberId(IDS[0])


def test_a_lead_is_captured_in_the_first_stage() -> None:
    assert capture(CaptureLead(title="New roof"), PIPELINE, WORKSPACE) == (CAPTURED,)


def test_a_lead_is_captured_with_all_that_was_said_and_then_assigned_and_valued() -> None:
    command = CaptureLead(
        title="New roof",
        customer_name="Ann",
        source="web",
        campaign_id=IDS[1],
        form={"phone": "12"},
        stage="qualified",
        received_at=DAY,
        inbound=False,
        external_ids={"erp": "7"},
        owner_id=ALICE,
        value=HUNDRED,
    )
    captured = LeadCaptured(
        title="New roof",
        source="web",
        campaign_id=IDS[1],
        form={"phone": "12"},
        pipeline="default",
        pipeline_version=1,
        stage="qualified",
        probability=Decimal("0.4"),
        received_at=DAY,
        inbound=False,
        external_ids={"erp": "7"},
    )
    assert capture(command, PIPELINE, WORKSPACE) == (captured, LeadAssigned(owner_id=ALICE), LeadValued(value=HUNDRED))


def test_a_lead_worth_nothing_is_valued_all_the_same() -> None:
    nothing = EUR(amount=Decimal(0))
    assert capture(CaptureLead(title="New roof", value=nothing), PIPELINE, WORKSPACE) == (
        CAPTURED,
        LeadValued(value=nothing),
    )


def test_a_lead_is_not_captured_in_a_stage_that_is_not_there() -> None:
    with pytest.raises(UnknownStage, match="no such stage"):
        capture(CaptureLead(title="New roof", stage="won"), PIPELINE, WORKSPACE)


@pytest.mark.parametrize(
    ("history", "command", "happened"),
    [
        ((), RetitleLead(title="Old roof"), LeadRetitled(title="Old roof")),
        ((), AssignLead(owner_id=ALICE, rule="zip"), LeadAssigned(owner_id=ALICE, rule="zip")),
        ((), AssignLead(team="north"), LeadAssigned(team="north")),
        ((LeadAssigned(owner_id=ALICE),), AssignLead(), LeadAssigned()),
        ((), ContactLead(interaction_id=IDS[2]), LeadContacted(interaction_id=IDS[2])),
        ((), QualifyLead(criteria="budget", score=80), LeadQualified(criteria="budget", score=80)),
        ((), DisqualifyLead(reason="student"), DISQUALIFIED),
        ((LOST,), RecycleLead(until=date(2027, 1, 1)), LeadRecycled(until=date(2027, 1, 1))),
        ((DISQUALIFIED,), RecycleLead(reason="grown up"), LeadRecycled(reason="grown up")),
        ((WON,), ReopenLead(reason="cancelled"), LeadReopened(reason="cancelled")),
        ((LOST,), ReopenLead(), LeadReopened()),
        ((DISQUALIFIED,), ReopenLead(), LeadReopened()),
        ((), WinLead(value=HUNDRED, won_on=date(2026, 3, 2)), LeadWon(value=HUNDRED, won_on=date(2026, 3, 2))),
        ((), WinLead(), LeadWon()),
        ((), LoseLead(reason="price", competitor="Umbrella"), LeadLost(reason="price", competitor="Umbrella")),
        ((LeadQualified(), LOST, LeadRecycled()), QualifyLead(), LeadQualified()),
        ((LeadQualified(), DISQUALIFIED, LeadReopened()), QualifyLead(), LeadQualified()),
        ((LOST, LeadReopened()), WinLead(), LeadWon()),
        ((LOST, LeadRecycled()), LoseLead(), LeadLost()),
    ],
)  # fmt: skip
def test_when_this_is_wanted_that_happens(
    history: tuple[LeadEvent, ...], command: Command, happened: LeadEvent
) -> None:
    assert decide(given(*history), command) == (happened,)


@pytest.mark.parametrize(
    ("history", "command", "refusal"),
    [
        ((LeadContacted(),), ContactLead(), LeadAlreadyContacted),
        ((LeadQualified(),), QualifyLead(), LeadAlreadyQualified),
        ((LeadQualified(), LOST, LeadReopened()), QualifyLead(), LeadAlreadyQualified),
        ((), RecycleLead(), LeadNotClosed),
        ((WON,), RecycleLead(), LeadAlreadyClosed),
        ((), ReopenLead(), LeadNotClosed),
        ((LOST, LeadRecycled()), ReopenLead(), LeadNotClosed),
    ],
)
def test_what_does_not_fit_is_refused(history: tuple[LeadEvent, ...], command: Command, refusal: type[Refusal]) -> None:
    refused(refusal, given(*history), command)


@CLOSED
@pytest.mark.parametrize(
    "command", [QualifyLead(), DisqualifyLead(), WinLead(), LoseLead()], ids=lambda c: type(c).__name__
)
def test_a_closed_lead_is_neither_judged_nor_closed_again(closing: LeadEvent, command: Command) -> None:
    sentence = refused(LeadAlreadyClosed, given(closing), command)
    assert sentence == f"This lead is already closed as {given(closing).status}. Reopen it first if it should go on."


@CLOSED
@pytest.mark.parametrize(
    "command", [AssignLead(owner_id=ALICE), RetitleLead(title="Roof"), ContactLead()], ids=lambda c: type(c).__name__
)
def test_a_closed_lead_is_still_looked_after(closing: LeadEvent, command: Command) -> None:
    assert decide(given(closing), command)


def test_a_lead_is_won_for_its_own_value_unless_another_is_given() -> None:
    lead = given(LeadValued(value=HUNDRED))
    assert win(lead, WinLead(), DAY.date()) == LeadWon(value=HUNDRED)
    assert win(lead, WinLead(value=EUR(amount=Decimal(0))), DAY.date()) == LeadWon(value=EUR(amount=Decimal(0)))


@pytest.mark.parametrize(
    ("amount", "refusal"),
    [
        (EUR(amount=Decimal(-1)), AmountNegative),
        (EUR(amount=Decimal("1.234567")), AmountNotPayable),
        (Money(amount=Decimal(1), currency="ZZZ"), UnknownCurrency),
    ],
)
def test_a_deal_is_worth_only_what_can_be_paid(amount: Money, refusal: type[Refusal]) -> None:
    for command in (ValueLead(value=amount), SendProposal(value=amount), WinLead(value=amount)):
        refused(refusal, given(), command)
    with pytest.raises(refusal):
        capture(CaptureLead(title="New roof", value=amount), PIPELINE, WORKSPACE)


def test_a_price_may_have_more_digits_but_is_neither_negative_nor_in_an_unknown_currency() -> None:
    added = LeadProductAdded(product_id="letter", quantity=Decimal(1))
    fine, debt, odd = EUR(amount=Decimal("0.0035")), EUR(amount=Decimal(-1)), Money(amount=Decimal(1), currency="ZZZ")
    assert decide(given(), AddProduct(product_id="letter", unit_price=fine))
    for price, refusal in ((debt, AmountNegative), (odd, UnknownCurrency)):
        refused(refusal, given(), AddProduct(product_id="letter", unit_price=price))
        refused(refusal, given(added), RepriceProduct(product_id="letter", quantity=Decimal(2), unit_price=price))


def test_a_lead_is_not_won_on_a_day_to_come() -> None:
    tomorrow = DAY.date() + timedelta(days=1)
    assert str(tomorrow) in refused(WonInFuture, given(), WinLead(won_on=tomorrow))
    assert decide(given(), WinLead(won_on=DAY.date())) == (LeadWon(won_on=DAY.date()),)


def test_a_lead_is_handed_only_to_who_works_here() -> None:
    left = replace(WORKSPACE, deactivated=frozenset({ALICE}))
    for nobody, workspace in ((MemberId(UUID(int=99)), WORKSPACE), (ALICE, left)):
        with pytest.raises(UnknownMember, match=str(nobody)):
            assign(given(), AssignLead(owner_id=nobody), workspace)
        with pytest.raises(UnknownMember, match=str(nobody)):
            capture(CaptureLead(title="New roof", owner_id=nobody), PIPELINE, workspace)
    assert assign(given(), AssignLead(team="north"), left) == LeadAssigned(team="north")


def test_a_lead_is_scored_at_any_time_and_again() -> None:
    command = ScoreLead(model="fit", model_version=2, score=15, parts={"industry": 20, "size": -5})
    scored = LeadScored(model="fit", model_version=2, score=15, parts={"industry": 20, "size": -5})
    assert decide(given(), command) == decide(given(scored, WON), command) == (scored,)


ADDED_ANN = LeadStakeholderAdded(person_id=IDS[1], role="champion")


def test_a_contact_person_has_a_part_in_the_deal_until_she_has_none() -> None:
    add, remove = AddStakeholder(person_id=IDS[1], role="champion"), RemoveStakeholder(person_id=IDS[1])
    assert decide(given(), add) == decide(given(WON), add) == (ADDED_ANN,)
    refused(StakeholderAlreadyAdded, given(ADDED_ANN), add)
    another = AddStakeholder(person_id=IDS[1], role="blocker")
    assert decide(given(ADDED_ANN), another) == (LeadStakeholderAdded(person_id=IDS[1], role="blocker"),)
    assert decide(given(ADDED_ANN), remove) == (LeadStakeholderRemoved(person_id=IDS[1]),)
    assert str(IDS[1]) in refused(
        UnknownStakeholder, given(ADDED_ANN, LeadStakeholderRemoved(person_id=IDS[1])), remove
    )


def test_only_a_contact_person_of_the_customer_has_a_part_in_the_deal() -> None:
    with pytest.raises(UnknownContactPerson, match=str(IDS[1])):
        add_stakeholder(given(), AddStakeholder(person_id=IDS[1]), {IDS[2]})


def test_winning_keeps_the_stage_the_lead_was_in() -> None:
    assert given(WON).stage == "new"
