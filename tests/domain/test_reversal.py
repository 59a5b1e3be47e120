"""What has a way back of its own goes that way, and what has none says so."""

from typing import Any

import pytest

from domain.customer import (
    CustomerAbsorbed,
    CustomerForgettingRequested,
    CustomerForgettingRequestWithdrawn,
    CustomerForgotten,
    CustomerMergedInto,
    CustomerPersonForgotten,
)
from domain.customer import CustomerTagged as Tagged
from domain.event import CustomerId, Event, Refusal
from domain.lead import LeadConversionReverted, LeadConverted
from domain.merge import Absorbed, MergedInto, MergeReverted
from domain.reattribution import Reattributed
from domain.reversal import (
    ErasureStays,
    NotUndone,
    ReattributedSince,
    RequestStays,
    is_reverted,
    merge_of,
    must_still_belong,
    without_way_back,
)
from domain.undo import EventsUndone
from tests.domain.histories import IDS

SHE, SURVIVOR, MERGE, OTHER = CustomerId(IDS[0]), CustomerId(IDS[1]), IDS[2], IDS[3]
MERGED = CustomerMergedInto(survivor_id=SURVIVOR, merge_id=MERGE)
ABSORBED = CustomerAbsorbed(merged_id=SHE, merge_id=MERGE)
TICKET_MERGED = MergedInto(survivor_id=OTHER, merge_id=MERGE)
MOVED = Reattributed(from_customer_id=SHE, to_customer_id=SURVIVOR)
MOVED_BACK = Reattributed(from_customer_id=SURVIVOR, to_customer_id=SHE)
MOVED_ON = Reattributed(from_customer_id=SURVIVOR, to_customer_id=CustomerId(OTHER))


@pytest.mark.parametrize(
    ("event", "merge"),
    [
        (MERGED, MERGE),
        (ABSORBED, MERGE),
        (Absorbed(merged_id=SHE, merge_id=MERGE), MERGE),
        (LeadConverted(customer_id=SURVIVOR, merge_id=MERGE), MERGE),
        (LeadConverted(), None),
        (MOVED, None),
        (MergeReverted(merge_id=MERGE), None),
    ],
)
def test_a_conversion_goes_back_with_its_merge_and_a_merge_with_its_other_side(event: Event, merge: object) -> None:
    assert merge_of(event) == merge


@pytest.mark.parametrize(
    ("event", "refusal"),
    [
        (CustomerForgotten(legal_basis="request"), ErasureStays),
        (CustomerPersonForgotten(person_id=OTHER, legal_basis="request"), ErasureStays),
        (CustomerForgettingRequested(legal_basis="request"), RequestStays),
        (CustomerForgettingRequestWithdrawn(), RequestStays),
        (MergeReverted(merge_id=MERGE), NotUndone),
        (LeadConversionReverted(), NotUndone),
        (EventsUndone(versions=(1,)), NotUndone),
    ],
)
def test_what_has_no_way_back_is_refused(event: Event, refusal: type[Refusal]) -> None:
    assert type(without_way_back(event)) is refusal


def test_what_was_given_to_yet_another_customer_is_not_taken_from_her() -> None:
    must_still_belong(MOVED, SURVIVOR)
    with pytest.raises(ReattributedSince):
        must_still_belong(MOVED, CustomerId(OTHER))


@pytest.mark.parametrize(
    ("event", "later", "expected"),
    [
        (MERGED, [MergeReverted(merge_id=MERGE)], True),
        (ABSORBED, [Tagged(tag="vip"), MergeReverted(merge_id=MERGE)], True),
        (MERGED, [MergeReverted(merge_id=OTHER)], False),
        (TICKET_MERGED, [MergeReverted(merge_id=MERGE)], True),
        (TICKET_MERGED, [], False),
        (LeadConverted(), [LeadConversionReverted()], True),
        (LeadConverted(), [LeadConverted()], False),
        (MOVED, [MOVED_BACK], True),
        (MOVED, [MOVED_BACK, MOVED], True),
        (MOVED, [MOVED_ON], False),
        (MOVED, [], False),
        (CustomerForgotten(legal_basis="request"), [Tagged(tag="vip")], False),
    ],
)
def test_what_was_reverted_already(event: Event, later: list[Any], expected: bool) -> None:  # Any: events
    assert is_reverted(event, later) == expected
