"""An imported interaction may be the first time that we reached out to a lead."""

from collections.abc import Sequence
from decimal import Decimal

import pytest

from domain.event import Event
from domain.imported import ImportedFact
from domain.interaction import InteractionCorrected, InteractionLogged
from domain.lead import LeadCaptured, LeadContacted, LeadMerged
from domain.lead.imported_work import first_contact
from domain.merge import MergedInto
from tests.domain.histories import IDS
from tests.domain.imported import by_hand, day

CAPTURED = LeadCaptured(
    title="Ten seats", pipeline="default", pipeline_version=1, stage="new", probability=Decimal("0.1")
)
OUT = InteractionLogged(interaction_id=IDS[0], kind="call", direction="outbound")
IN = InteractionLogged(interaction_id=IDS[1], kind="call", direction="inbound")
NOTE = InteractionLogged(interaction_id=IDS[1], kind="note", direction="outbound")
TURNED = InteractionCorrected(interaction_id=IDS[1], kind="call", direction="outbound")


def contacts(*facts: Event, history: Sequence[tuple[Event, int]] = ((CAPTURED, 1),)) -> list[tuple[Event, object]]:
    found = first_contact(by_hand(*history), [ImportedFact(fact, day(9)) for fact in facts])
    return [(fact.event, fact.occurred_at) for fact in found]


def test_the_first_outbound_one_contacts_the_lead_when_it_was_held() -> None:
    assert contacts(OUT) == [(LeadContacted(interaction_id=IDS[0]), day(9))]
    assert contacts(TURNED, history=((CAPTURED, 1), (IN, 2))) == [(LeadContacted(interaction_id=IDS[1]), day(9))]


@pytest.mark.parametrize("facts", [(IN,), (NOTE,), ()])
def test_what_reaches_nobody_contacts_nobody(facts: Sequence[Event]) -> None:
    assert contacts(*facts) == []


def test_a_lead_is_contacted_once_and_a_customer_never() -> None:
    assert contacts(OUT, history=((CAPTURED, 1), (LeadContacted(), 2))) == []
    assert contacts(OUT, history=()) == []


def test_nothing_new_goes_on_a_lead_that_was_merged() -> None:
    merged = ((CAPTURED, 1), (MergedInto(merge_id=IDS[2], survivor_id=IDS[3]), 2))
    with pytest.raises(LeadMerged):
        contacts(IN, history=merged)
    assert contacts(TURNED, history=((CAPTURED, 1), (IN, 2), (LeadContacted(), 3), merged[1])) == []
