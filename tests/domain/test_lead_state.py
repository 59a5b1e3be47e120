"""What a lead is after each event: every branch of `evolve`, and histories no rule would have allowed."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from domain.custom_field import ChoiceValue
from domain.event import FORGOTTEN, CustomerId, MemberId
from domain.field_value import CustomFieldRecorded
from domain.lead import (
    FollowUpCancelled,
    FollowUpCompleted,
    FollowUpRescheduled,
    FollowUpRetracted,
    FollowUpScheduled,
    InteractionCorrected,
    InteractionLogged,
    InteractionRetracted,
    Lead,
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
    LeadScored,
    LeadStakeholderAdded,
    LeadStakeholderRemoved,
    LeadValued,
    LeadWon,
    evolve,
)
from domain.merge import Absorbed, Merge, MergedInto, MergeReverted, Merges
from domain.reattribution import Reattributed
from domain.undo import EventsUndone
from tests.domain.histories import DAY, HUNDRED, IDS, LEAD_EVENTS, fold, forgotten, work

ALICE, DAY_OFF, ONE = MemberId(IDS[0]), date(2027, 1, 1), frozenset({IDS[1]})
HALF = Decimal("0.5")

BEFORE = Lead(
    title="Roof",
    source="web",
    external_ids={"erp": "7"},
    pipeline="default",
    stage="new",
    qualified=True,
    recycled_until=DAY_OFF,
    products=frozenset({"door"}),
    stakeholders={IDS[3]: None},
)
CLOSED = {"recycled_until": None}


# Any: fields of several types
CHANGES: list[tuple[LeadEvent, dict[str, Any]]] = [
    (
        LeadCaptured(title="Door", pipeline="other", pipeline_version=1, stage="first", probability=HALF),
        {"title": "Door", "source": None, "external_ids": {}, "pipeline": "other", "stage": "first"},
    ),
    (LeadCaptureCorrected(source="fair"), {"source": "fair", "external_ids": {}}),
    (LeadRetitled(title="Door"), {"title": "Door"}),
    (LeadAssigned(owner_id=ALICE, team="north"), {"owner_id": ALICE, "team": "north"}),
    (LeadContacted(interaction_id=IDS[1]), {"contacts": frozenset({IDS[1]})}),
    (LeadQualified(), {"qualified": True}),
    (LeadScored(model="fit", model_version=2, score=40), {}),
    (LeadStakeholderAdded(person_id=IDS[1], role="champion"), {"stakeholders": {IDS[1]: "champion", IDS[3]: None}}),
    (LeadStakeholderRemoved(person_id=IDS[3]), {"stakeholders": {}}),
    (LeadDisqualified(), {"status": "disqualified", "qualified": False, **CLOSED}),
    (LeadRecycled(until=date(2028, 1, 1)), {"qualified": False, "recycled_until": date(2028, 1, 1)}),
    (LeadReopened(), {"recycled_until": None}),
    (
        LeadMovedToStage(to_stage="last", pipeline="other", pipeline_version=2, probability=HALF),
        {"stage": "last", "pipeline": "other"},
    ),
    (LeadValued(value=HUNDRED), {"value": HUNDRED}),
    (LeadExpectedCloseMoved(expected_close=DAY_OFF), {}),
    (LeadProbabilityOverridden(probability=HALF), {}),
    (LeadForecastCategoryChosen(category="commit"), {}),
    (LeadProductAdded(product_id="roof", quantity=Decimal(1)), {"products": frozenset({"door", "roof"})}),
    (LeadProductRepriced(product_id="roof", quantity=Decimal(1)), {"products": frozenset({"door", "roof"})}),
    (LeadProductRemoved(product_id="door"), {"products": frozenset()}),
    (LeadProposalSent(value=HUNDRED), {}),
    (LeadWon(value=HUNDRED), {"status": "won", "value": HUNDRED, **CLOSED}),
    (LeadLost(), {"status": "lost", **CLOSED}),
    (LeadConverted(), {"conversion": LeadConverted()}),
    (LeadConversionReverted(), {}),
    (MergedInto(survivor_id=IDS[1], merge_id=IDS[2]), {"merges": Merges(Merge(IDS[1], IDS[2]))}),
    (Absorbed(merged_id=IDS[1], merge_id=IDS[2]), {"merges": Merges(None, {IDS[2]: IDS[1]})}),
    (MergeReverted(merge_id=IDS[2]), {}),
    (Reattributed(from_customer_id=CustomerId(IDS[0]), to_customer_id=CustomerId(IDS[1])), {"reattributed_to": IDS[1]}),
    (
        CustomFieldRecorded(field_id="roof_kind", field_version=1, value=ChoiceValue(value="flat")),
        {"custom_fields": {"roof_kind": ChoiceValue(value="flat")}},
    ),
    (InteractionLogged(interaction_id=IDS[1], kind="call"), {"work": work("logged", None)}),
    (InteractionCorrected(interaction_id=IDS[1], kind="call"), {"work": work("logged", None)}),
    (InteractionRetracted(interaction_id=IDS[1]), {"work": work("retracted", None)}),
    (FollowUpScheduled(task_id=IDS[1], what="Ring", due_at=DAY), {"work": work(None, "scheduled")}),
    (FollowUpRescheduled(task_id=IDS[1], due_at=DAY), {"work": work(None, "scheduled")}),
    (FollowUpCompleted(task_id=IDS[1]), {"work": work(None, "done")}),
    (FollowUpCancelled(task_id=IDS[1]), {"work": work(None, "done")}),
    (FollowUpRetracted(task_id=IDS[1]), {"work": work(None, "retracted")}),
    (EventsUndone(versions=(1,)), {}),
]


def test_every_event_of_a_lead_is_in_the_table() -> None:
    assert {type(event) for event, _ in CHANGES} == set(LEAD_EVENTS)


@pytest.mark.parametrize(("event", "changes"), CHANGES, ids=lambda value: type(value).__name__)
def test_an_event_changes_this_and_nothing_else(event: LeadEvent, changes: dict[str, Any]) -> None:  # Any: as above
    assert evolve(BEFORE, event) == replace(BEFORE, **changes)


@pytest.mark.parametrize("event", [event for event, _ in CHANGES], ids=lambda event: type(event).__name__)
def test_a_history_may_begin_with_anything_also_forgotten(event: LeadEvent) -> None:
    assert isinstance(evolve(None, event), Lead)
    assert isinstance(evolve(None, forgotten(event)), Lead)


def test_what_was_forgotten_is_still_a_lead() -> None:
    lead = evolve(None, forgotten(CHANGES[0][0]))
    assert (lead.title, lead.external_ids, lead.stage) == (FORGOTTEN, FORGOTTEN, "first")


def test_odd_histories_end_as_their_last_event_says() -> None:
    won = LeadWon(value=HUNDRED)
    assert fold([won, won]).status == "won"
    assert fold([won, LeadLost()]).status == "lost"
    assert fold([LeadLost(), LeadDisqualified(), LeadReopened(), LeadReopened()]).status == "open"


@pytest.mark.parametrize("closing", [LeadWon(), LeadLost(), LeadDisqualified()])
@pytest.mark.parametrize("opening", [LeadReopened(), LeadRecycled()])
def test_a_closed_lead_can_be_open_again(closing: LeadEvent, opening: LeadEvent) -> None:
    assert fold([closing, opening]).status == "open"


def test_a_lead_won_without_a_value_keeps_its_own() -> None:
    assert fold([LeadValued(value=HUNDRED), LeadWon()]).value == HUNDRED
