"""The life of a campaign: planned, launched, paid for, ended."""

from datetime import date
from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from domain.campaign import (
    Campaign,
    CampaignAlreadyEnded,
    CampaignAlreadyLaunched,
    CampaignBudgetNegative,
    CampaignBudgetSpent,
    CampaignEnded,
    CampaignEndsBeforeItStarts,
    CampaignEvent,
    CampaignLaunched,
    CampaignPlanned,
    EndCampaign,
    LaunchCampaign,
    NothingSpent,
    PlanCampaign,
    SpendBudget,
    SpendingAlreadyBooked,
    end,
    evolve,
    launch,
    plan,
    spend_budget,
)
from domain.event import FORGOTTEN, MemberId
from domain.money import UnknownCurrency
from tests.domain.histories import EUR, HUNDRED, IDS, examples_of, forgotten, patient

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
SPRING: dict[str, Any] = {  # Any: fields of several types
    "name": "Spring",
    "kind": "email",
    "owner_id": MemberId(IDS[0]),
    "starts_on": MARCH,
    "ends_on": APRIL,
    "budget": HUNDRED,
}
PLANNED, LAUNCHED, ENDED = CampaignPlanned(**SPRING), CampaignLaunched(), CampaignEnded(reason="Sold out")
SPENT = CampaignBudgetSpent(spending_id=IDS[0], spent=HUNDRED, what="Posters")
SPEND = SpendBudget(spent=HUNDRED, what="Posters")


def given(*events: CampaignEvent) -> Campaign:
    campaign = Campaign()
    for event in events:
        campaign = evolve(campaign, event)
    return campaign


def test_a_campaign_is_planned_as_it_was_wanted() -> None:
    assert plan(None, PlanCampaign(**SPRING)) == PLANNED
    assert plan(None, PlanCampaign(name="Autumn")) == CampaignPlanned(name="Autumn")
    assert evolve(None, PLANNED) == Campaign(status="planned")


@pytest.mark.parametrize("history", [(PLANNED,), (PLANNED, LAUNCHED)], ids=["planned", "launched"])
def test_a_plan_can_be_made_anew_and_stops_nothing(history: tuple[CampaignEvent, ...]) -> None:
    again = plan(given(*history), PlanCampaign(name="Summer"))
    assert again == CampaignPlanned(name="Summer")
    assert given(*history, again) == given(*history)


def test_a_plan_of_one_day_is_possible() -> None:
    assert plan(None, PlanCampaign(name="Fair", starts_on=MARCH, ends_on=MARCH)).ends_on == MARCH
    assert plan(None, PlanCampaign(name="Fair", ends_on=MARCH)).starts_on is None
    assert plan(None, PlanCampaign(name="Fair", starts_on=MARCH)).ends_on is None


def test_a_campaign_does_not_end_before_it_starts() -> None:
    with pytest.raises(CampaignEndsBeforeItStarts, match="end on 2026-03-01, before it starts on 2026-04-01"):
        plan(None, PlanCampaign(name="Back to front", starts_on=APRIL, ends_on=MARCH))


def test_a_budget_is_not_negative_and_has_a_currency_that_exists() -> None:
    assert plan(None, PlanCampaign(name="Free", budget=EUR(amount=Decimal(0)))).budget == EUR(amount=Decimal(0))
    with pytest.raises(CampaignBudgetNegative):
        plan(None, PlanCampaign(name="Odd", budget=EUR(amount=Decimal("-0.01"))))
    with pytest.raises(UnknownCurrency, match="ZZZ"):
        plan(None, PlanCampaign(name="Odd", budget=HUNDRED.model_copy(update={"currency": "ZZZ"})))


def test_a_planned_campaign_is_launched_once() -> None:
    assert launch(given(PLANNED), LaunchCampaign()) == LAUNCHED
    assert given(PLANNED, LAUNCHED).status == "launched"
    with pytest.raises(CampaignAlreadyLaunched):
        launch(given(PLANNED, LAUNCHED), LaunchCampaign())


@pytest.mark.parametrize("history", [(PLANNED,), (PLANNED, LAUNCHED)], ids=["called off", "launched"])
def test_a_campaign_ends_once(history: tuple[CampaignEvent, ...]) -> None:
    assert end(given(*history), EndCampaign(reason="Sold out")) == ENDED
    ended = given(*history, ENDED)
    assert ended.status == "ended"
    with pytest.raises(CampaignAlreadyEnded):
        end(ended, EndCampaign())


def test_what_is_over_is_neither_launched_nor_planned_again() -> None:
    ended = given(PLANNED, ENDED)
    with pytest.raises(CampaignAlreadyEnded, match="Plan a new one"):
        launch(ended, LaunchCampaign())
    with pytest.raises(CampaignAlreadyEnded):
        plan(ended, PlanCampaign(name="Summer"))


@pytest.mark.parametrize(
    "history", [(PLANNED,), (PLANNED, LAUNCHED), (PLANNED, LAUNCHED, ENDED)], ids=["planned", "launched", "ended"]
)
def test_costs_are_booked_at_any_time_also_above_the_budget(history: tuple[CampaignEvent, ...]) -> None:
    assert spend_budget(given(*history), SPEND, IDS[0]) == SPENT
    assert spend_budget(given(*history, SPENT), SPEND, IDS[1]).spending_id == IDS[1]


def test_money_that_came_back_is_booked_as_a_negative_cost() -> None:
    back = EUR(amount=Decimal(-10))
    assert spend_budget(given(PLANNED, SPENT), SpendBudget(spent=back), IDS[1]).spent == back


def test_a_cost_is_booked_once() -> None:
    with pytest.raises(SpendingAlreadyBooked, match=str(IDS[0])):
        spend_budget(given(PLANNED, SPENT), SPEND, IDS[0])


def test_a_cost_says_how_much_in_a_currency_that_exists() -> None:
    with pytest.raises(NothingSpent):
        spend_budget(given(PLANNED), SpendBudget(spent=EUR(amount=Decimal("0.00"))), IDS[0])
    with pytest.raises(UnknownCurrency, match="ZZZ"):
        spend_budget(given(PLANNED), SpendBudget(spent=HUNDRED.model_copy(update={"currency": "ZZZ"})), IDS[0])


def test_of_a_campaign_its_name_stays_and_what_people_wrote_can_be_forgotten() -> None:
    assert forgotten(PLANNED) == PLANNED
    assert forgotten(SPENT).what == FORGOTTEN
    assert forgotten(ENDED).reason == FORGOTTEN


@patient
@drawn(st.lists(st.one_of([examples_of(event) for event in get_args(CampaignEvent)]), max_size=8))
def test_any_recorded_history_of_a_campaign_evolves(history: list[CampaignEvent]) -> None:
    assert given(*history).status in ("planned", "launched", "ended")
    assert given(*history) == given(*map(forgotten, history))
