"""A lead's life: what the rules accept, and what they refuse."""

from datetime import date
from decimal import Decimal

import pytest

from domain.event import Command, MemberId, Refusal
from domain.lead import (
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
    LeadQualified,
    LeadRecycled,
    LeadReopened,
    LeadRetitled,
    LeadValued,
    LeadWon,
    LoseLead,
    QualifyLead,
    RecycleLead,
    ReopenLead,
    RetitleLead,
    WinLead,
    capture,
    win,
)
from domain.workspace import UnknownStage
from tests.domain.given import CAPTURED, CLOSED, DISQUALIFIED, LOST, WON, given, refused
from tests.domain.histories import DAY, EUR, HUNDRED, IDS, PIPELINE, decide

ALICE = MemberId(IDS[0])


def test_a_lead_is_captured_in_the_first_stage() -> None:
    assert capture(CaptureLead(title="New roof"), PIPELINE) == (CAPTURED,)


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
    assert capture(command, PIPELINE) == (captured, LeadAssigned(owner_id=ALICE), LeadValued(value=HUNDRED))


def test_a_lead_worth_nothing_is_valued_all_the_same() -> None:
    nothing = EUR(amount=Decimal(0))
    assert capture(CaptureLead(title="New roof", value=nothing), PIPELINE) == (CAPTURED, LeadValued(value=nothing))


def test_a_lead_is_not_captured_in_a_stage_that_is_not_there() -> None:
    with pytest.raises(UnknownStage, match="no such stage"):
        capture(CaptureLead(title="New roof", stage="won"), PIPELINE)


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
    assert win(lead, WinLead()) == LeadWon(value=HUNDRED)
    assert win(lead, WinLead(value=EUR(amount=Decimal(0)))) == LeadWon(value=EUR(amount=Decimal(0)))


def test_winning_keeps_the_stage_the_lead_was_in() -> None:
    assert given(WON).stage == "new"
