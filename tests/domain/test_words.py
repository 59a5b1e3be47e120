"""Every event has its sentence, also when what it says of a person was forgotten."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from domain.catalogue import EVENT_TYPES
from domain.event import FORGOTTEN, CustomerId, Event, MemberId, personal_fields
from domain.lead import (
    LeadAssigned,
    LeadCaptureCorrected,
    LeadCaptured,
    LeadContacted,
    LeadConversionReverted,
    LeadConverted,
    LeadDisqualified,
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
)
from domain.money import Money
from domain.ticket import (
    TicketAssigned,
    TicketCategorised,
    TicketClosed,
    TicketEscalated,
    TicketMarkedSpam,
    TicketOpened,
    TicketPriorityLowered,
    TicketPriorityRaised,
    TicketPutOnHold,
    TicketPutPending,
    TicketRated,
    TicketReopened,
    TicketReplied,
    TicketResumed,
    TicketSlaApplied,
    TicketSlaBreached,
    TicketSlaCancelled,
    TicketSlaMet,
    TicketSolved,
)
from tests.domain.company_sentences import COMPANY_SENTENCES
from tests.domain.customer_sentences import CUSTOMER_SENTENCES
from tests.domain.histories import IDS, any_event, patient
from tests.domain.shared_sentences import SHARED_SENTENCES

ID, ALICE = IDS[0], MemberId(IDS[0])
PRICE = Money(amount=Decimal(1054), currency="USD")
HALF_PAST_TWO = datetime(2026, 11, 5, 14, 30, tzinfo=UTC)
DAY = date(2026, 11, 5)
IN_DEFAULT: dict[str, Any] = {  # Any: fields of several types
    "pipeline": "default",
    "pipeline_version": 1,
    "probability": Decimal("0.6"),
}

GOLD: dict[str, Any] = {"policy": "gold", "policy_version": 3}  # Any: as above

SENTENCES: list[tuple[Event, str]] = [
    *CUSTOMER_SENTENCES,
    (LeadCaptured(title="Roof", stage="new", **IN_DEFAULT), "Captured in stage new: Roof"),
    (LeadCaptured(title="Roof", source="web", stage="new", **IN_DEFAULT), "Captured in stage new from web: Roof"),
    (LeadCaptureCorrected(source="fair"), "Capture corrected: it came from fair"),
    (LeadCaptureCorrected(), "Capture corrected"),
    (LeadRetitled(title="Old roof"), "Title: Old roof"),
    (LeadRetitled(title=FORGOTTEN), "Title: (forgotten)"),
    (LeadAssigned(), "Assigned to nobody"),
    (LeadAssigned(owner_id=ALICE), "Assigned to a member"),
    (LeadAssigned(team="north"), "Assigned to team north"),
    (LeadAssigned(owner_id=ALICE, team="north", rule="zip"), "Assigned to a member of team north by rule zip"),
    (LeadContacted(), "Contacted for the first time"),
    (LeadQualified(), "Qualified"),
    (LeadQualified(criteria="budget", score=0), "Qualified with score 0: budget"),
    (LeadScored(model="fit", model_version=2, score=40), "Score 40 by fit, version 2"),
    (
        LeadScored(model="fit", model_version=2, score=15, parts={"industry": 20, "size": -5}),
        "Score 15 by fit, version 2: industry +20, size -5",
    ),
    (
        LeadStakeholderAdded(person_id=IDS[1], role="economic_buyer"),
        f"Contact person {IDS[1]} has a part in the deal as economic buyer",
    ),
    (LeadStakeholderAdded(person_id=IDS[1]), f"Contact person {IDS[1]} has a part in the deal"),
    (LeadStakeholderRemoved(person_id=IDS[1]), f"Contact person {IDS[1]} has no part in the deal any more"),
    (LeadDisqualified(reason="student"), "Disqualified: student"),
    (LeadRecycled(until=DAY, reason="too early"), "Put back into nurture until 2026-11-05: too early"),
    (LeadReopened(), "Reopened"),
    (LeadReopened(reason="She called"), "Reopened: She called"),
    (LeadMovedToStage(from_stage="new", to_stage="proposal", **IN_DEFAULT), "Moved from new to proposal"),
    (LeadMovedToStage(to_stage="proposal", **IN_DEFAULT), "Moved to proposal"),
    (LeadValued(value=PRICE), "Valued at 1,054.00 USD"),
    (LeadValued(value=Money(amount=Decimal("-0.125000"), currency="EUR")), "Valued at -0.125 EUR"),
    (LeadValued(value=Money(amount=Decimal("1E+6"), currency="EUR")), "Valued at 1,000,000.00 EUR"),
    (LeadValued(value=Money(amount=Decimal(1054), currency="JPY")), "Valued at 1,054 JPY"),
    (LeadExpectedCloseMoved(expected_close=DAY), "Expected to close on 2026-11-05"),
    (LeadProbabilityOverridden(probability=Decimal("0.125")), "Chance to win judged as 12.5 %"),
    (LeadProbabilityOverridden(probability=Decimal(1)), "Chance to win judged as 100 %"),
    (LeadForecastCategoryChosen(category="best_case"), "Forecast as best case"),
    (LeadProductAdded(product_id="roof", quantity=Decimal("2.000")), "Added 2 x roof"),
    (LeadProductAdded(product_id="roof", quantity=Decimal(20), unit_price=PRICE), "Added 20 x roof at 1,054.00 USD"),
    (LeadProductRepriced(product_id="roof", quantity=Decimal("0.5")), "Changed to 0.5 x roof"),
    (LeadProductRemoved(product_id="roof"), "Removed roof"),
    (LeadProposalSent(), "Proposal sent"),
    (LeadProposalSent(document="offer-7.pdf", value=PRICE), "Proposal sent for 1,054.00 USD: offer-7.pdf"),
    (LeadWon(), "Won"),
    (LeadWon(value=PRICE, won_on=DAY), "Won for 1,054.00 USD on 2026-11-05"),
    (LeadLost(reason="price", competitor="Umbrella"), "Lost to Umbrella: price"),
    (LeadLost(reason=FORGOTTEN, competitor=FORGOTTEN), "Lost to (forgotten): (forgotten)"),
    (LeadConverted(), "Became a customer"),
    (LeadConverted(customer_id=CustomerId(ID), merge_id=ID), f"Became a customer, the same as customer {ID}"),
    (LeadConversionReverted(reason="wrong person"), "Did not become a customer after all: wrong person"),
    (TicketOpened(subject="No heat"), "Opened with priority normal: No heat"),
    (
        TicketOpened(subject="No heat", channel="email", priority="urgent"),
        "Opened by email with priority urgent: No heat",
    ),
    (TicketAssigned(), "Assigned to nobody"),
    (TicketAssigned(assignee_id=ALICE, team="north", rule="zip"), "Assigned to a member of team north by rule zip"),
    (TicketEscalated(level=2), "Escalated to level 2"),
    (TicketEscalated(level=2, cause="sla_breached", reason="Angry"), "Escalated to level 2, sla breached: Angry"),
    (
        TicketPriorityRaised(from_priority="low", to_priority="high", reason="Frost"),
        "Priority raised from low to high: Frost",
    ),
    (TicketPriorityLowered(from_priority="high", to_priority="low"), "Priority lowered from high to low"),
    (
        TicketPriorityLowered(from_priority="high", to_priority="low", reason="It thaws"),
        "Priority lowered from high to low: It thaws",
    ),
    (TicketCategorised(category="heating"), "Category: heating"),
    (TicketCategorised(), "Category: none"),
    (TicketReplied(author="customer", body="Still cold"), "Reply of the customer: Still cold"),
    (TicketReplied(author="agent", body="On our way"), "Reply of an agent: On our way"),
    (TicketReplied(author="bot", body="Have you tried", public=False), "Internal note of a bot: Have you tried"),
    (TicketReplied(author="bot", body=FORGOTTEN), "Reply of a bot: (forgotten)"),
    (TicketPutPending(waiting_for="a photo"), "Waiting for the customer: a photo"),
    (TicketPutOnHold(), "Waiting for a third party"),
    (TicketPutOnHold(waiting_for="the maker"), "Waiting for a third party: the maker"),
    (TicketResumed(cause="customer_replied"), "Resumed, customer replied"),
    (TicketResumed(reason="It came"), "Resumed: It came"),
    (TicketSolved(resolution="New pump"), "Solved: New pump"),
    (TicketReopened(reason="Cold again"), "Reopened: Cold again"),
    (TicketReopened(cause="no_spam"), "Reopened, no spam"),
    (TicketClosed(), "Closed"),
    (TicketClosed(cause="quiet_for_days"), "Closed, quiet for days"),
    (TicketMarkedSpam(), "Marked as spam"),
    (TicketRated(csat=4, comment="Quick"), "Rated 4 of 5: Quick"),
    (
        TicketSlaApplied(target="first_response", clock="running", due_at=HALF_PAST_TWO, remaining_seconds=60, **GOLD),
        "First response due 2026-11-05 14:30 UTC",
    ),
    (TicketSlaApplied(target="resolution", clock="paused", remaining_seconds=60, **GOLD), "Resolution paused"),
    (
        TicketSlaMet(target="next_reply", due_at=HALF_PAST_TWO, remaining_seconds=60, **GOLD),
        "Next reply in time, due 2026-11-05 14:30 UTC",
    ),
    (
        TicketSlaBreached(target="resolution", due_at=HALF_PAST_TWO, **GOLD),
        "Resolution overdue since 2026-11-05 14:30 UTC",
    ),
    (
        TicketSlaCancelled(target="next_reply", due_at=HALF_PAST_TWO, remaining_seconds=60, **GOLD),
        "Next reply not owed any more",
    ),
    *SHARED_SENTENCES,
    *COMPANY_SENTENCES,
]


def test_every_event_there_is_has_a_sentence_here() -> None:
    assert {type(event) for event, _ in SENTENCES} == set(EVENT_TYPES.values())


@pytest.mark.parametrize(("event", "sentence"), SENTENCES, ids=lambda value: value if isinstance(value, str) else "")
def test_an_event_in_words(event: Event, sentence: str) -> None:
    assert event.in_words() == sentence


@patient
@given(any_event)
def test_any_event_has_words_also_once_forgotten(event: Event) -> None:
    gone = event.model_copy(update=dict.fromkeys(personal_fields(type(event)), FORGOTTEN))
    for sentence in (event.in_words(), gone.in_words()):
        assert sentence
        assert "Forgotten" not in sentence
        # unless somebody wrote just that
        assert "None" not in sentence or "None" in event.model_dump_json()
