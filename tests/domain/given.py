"""How the tests of the rules speak: given what happened, when this is wanted, that happens or is refused."""

from decimal import Decimal

import pytest

from domain.event import Command, Refusal
from domain.lead import Lead, LeadCaptured, LeadDisqualified, LeadEvent, LeadLost, LeadWon
from tests.domain.histories import decide, fold

CAPTURED = LeadCaptured(
    title="New roof", pipeline="default", pipeline_version=1, stage="new", probability=Decimal("0.1")
)
WON, LOST, DISQUALIFIED = LeadWon(), LeadLost(reason="price"), LeadDisqualified(reason="student")
CLOSED = pytest.mark.parametrize("closing", [WON, LOST, DISQUALIFIED], ids=["won", "lost", "disqualified"])


def given(*events: LeadEvent) -> Lead:
    return fold((CAPTURED, *events))


def refused(refusal: type[Refusal], lead: Lead, command: Command) -> str:
    with pytest.raises(refusal) as raised:
        decide(lead, command)
    sentence = str(raised.value)
    assert "None" not in sentence
    return sentence
