"""From prospect to won back; relations; two records of the same customer, merged and back."""

import pytest

from domain import customer as customers
from domain.customer import (
    ActivateCustomer,
    AlreadyRelated,
    ChurnCustomer,
    CustomerAbsorbed,
    CustomerActivated,
    CustomerAlreadyActive,
    CustomerAlreadyAtRisk,
    CustomerAlreadyForgotten,
    CustomerChurned,
    CustomerEvent,
    CustomerHasChurned,
    CustomerMarkedAtRisk,
    CustomerMerged,
    CustomerMergedInto,
    CustomerNotChurned,
    CustomerRelatedTo,
    CustomerRelationEnded,
    CustomerStillProspect,
    CustomerWonBack,
    EndRelation,
    MarkCustomerAtRisk,
    MergeCustomer,
    NoFieldToChoose,
    NotRelated,
    PeriodBackwards,
    RelateCustomer,
    RelatedToHerself,
    WinBackCustomer,
)
from domain.event import Command, Refusal
from domain.merge import Merge, MergedIntoItself, MergeReverted, Merges, RevertMerge, UnknownMerge
from tests.domain.customers import (
    FIRST,
    FORGOTTEN_CUSTOMER,
    MERGE,
    MERGED,
    OTHER,
    SECOND,
    THIS,
    decide,
    given,
    refused,
)
from tests.domain.histories import IDS

ACTIVE, AT_RISK, WON_BACK = CustomerActivated(), CustomerMarkedAtRisk(), CustomerWonBack()
CHURNED = CustomerChurned(kind="said", effective_on=FIRST)
STATES: dict[str, tuple[CustomerEvent, ...]] = {
    "prospect": (),
    "active": (ACTIVE,),
    "at_risk": (ACTIVE, AT_RISK),
    "churned": (ACTIVE, CHURNED),
    "won_back": (ACTIVE, CHURNED, WON_BACK),
}
RELATED = CustomerRelatedTo(other_id=OTHER, kind="parent", valid_from=SECOND)
ABSORBED = CustomerAbsorbed(merged_id=OTHER, merge_id=MERGE)


@pytest.mark.parametrize(
    ("command", "event", "states"),
    [
        (
            ActivateCustomer(cause="won_lead", reason="Signed"),
            CustomerActivated(cause="won_lead", reason="Signed"),
            {"prospect", "at_risk"},
        ),
        (
            MarkCustomerAtRisk(rule="quiet", rule_version=1, score=80, signals=("nps",), reason="Sad"),
            CustomerMarkedAtRisk(rule="quiet", rule_version=1, score=80, signals=("nps",), reason="Sad"),
            {"active", "won_back"},
        ),
        (
            ChurnCustomer(kind="silence", effective_on=FIRST, rule="quiet", rule_version=1, reason="Gone"),
            CustomerChurned(kind="silence", effective_on=FIRST, rule="quiet", rule_version=1, reason="Gone"),
            {"active", "at_risk", "won_back"},
        ),
        (
            WinBackCustomer(cause="new_boss", reason="Called"),
            CustomerWonBack(cause="new_boss", reason="Called"),
            {"churned"},
        ),
    ],
)
def test_what_may_follow_what(command: Command, event: CustomerEvent, states: set[str]) -> None:
    for state, history in STATES.items():
        if state in states:
            assert decide(given(*history), command) == (event,)
        else:
            refused(Refusal, given(*history), command)


@pytest.mark.parametrize(
    ("state", "command", "refusal"),
    [
        ("active", ActivateCustomer(), CustomerAlreadyActive),
        ("churned", ActivateCustomer(), CustomerHasChurned),
        ("prospect", MarkCustomerAtRisk(), CustomerStillProspect),
        ("at_risk", MarkCustomerAtRisk(), CustomerAlreadyAtRisk),
        ("churned", MarkCustomerAtRisk(), CustomerHasChurned),
        ("prospect", ChurnCustomer(effective_on=FIRST), CustomerStillProspect),
        ("churned", ChurnCustomer(effective_on=FIRST), CustomerHasChurned),
        ("won_back", WinBackCustomer(), CustomerNotChurned),
    ],
)
def test_what_may_not_follow_what(state: str, command: Command, refusal: type[Refusal]) -> None:
    refused(refusal, given(*STATES[state]), command)


def test_the_status_is_what_was_said_last() -> None:
    assert {state: given(*history).status for state, history in STATES.items()} == {
        "prospect": "prospect",
        "active": "active",
        "at_risk": "at_risk",
        "churned": "churned",
        "won_back": "active",
    }


def test_a_relation_is_begun_and_ended() -> None:
    relate = RelateCustomer(other_id=OTHER, kind="parent", valid_from=SECOND, valid_to=SECOND)
    event = CustomerRelatedTo(other_id=OTHER, kind="parent", valid_from=SECOND, valid_to=SECOND)
    assert decide(given(), relate) == (event,)
    end = EndRelation(other_id=OTHER, kind="parent", valid_to=SECOND, reason="Sold")
    ended = CustomerRelationEnded(other_id=OTHER, kind="parent", valid_to=SECOND, reason="Sold")
    assert decide(given(RELATED), end) == (ended,)
    assert decide(given(RELATED, ended), relate) == (event,)


@pytest.mark.parametrize(
    ("refusal", "command"),
    [
        (AlreadyRelated, RelateCustomer(other_id=OTHER, kind="parent")),
        (RelatedToHerself, RelateCustomer(other_id=THIS, kind="parent")),
        (PeriodBackwards, RelateCustomer(other_id=OTHER, kind="branch", valid_from=SECOND, valid_to=FIRST)),
        (NotRelated, EndRelation(other_id=OTHER, kind="branch")),
        (PeriodBackwards, EndRelation(other_id=OTHER, kind="parent", valid_to=FIRST)),
    ],
)
def test_a_relation_that_cannot_be(refusal: type[Refusal], command: Command) -> None:
    refused(refusal, given(RELATED), command)


def test_a_merge_is_recorded_on_both_histories() -> None:
    command = MergeCustomer(survivor_id=OTHER, field_choices={"name": "merged"}, reason="Same")
    merged = CustomerMergedInto(survivor_id=OTHER, merge_id=MERGE, field_choices={"name": "merged"}, reason="Same")
    assert decide(given(), command) == (merged,)
    absorbed = CustomerAbsorbed(merged_id=THIS, merge_id=MERGE, field_choices={"name": "merged"})
    assert customers.absorb(given(), command, merged_id=THIS, merge_id=MERGE) == absorbed


def test_one_value_or_the_other_is_chosen_only_of_a_field_that_there_is() -> None:
    custom = MergeCustomer(survivor_id=OTHER, field_choices={"roof_kind": "merged"})
    assert decide(given(), custom)
    sentence = refused(NoFieldToChoose, given(), MergeCustomer(survivor_id=OTHER, field_choices={"nonsense": "merged"}))
    assert sentence.endswith("The fields are: kind, name, source, owner, segment, industry, size, tier, roof_kind.")


def test_a_customer_is_not_merged_into_herself_nor_in_a_circle() -> None:
    refused(MergedIntoItself, given(), MergeCustomer(survivor_id=THIS))
    with pytest.raises(CustomerMerged):
        customers.absorb(given(MERGED), MergeCustomer(survivor_id=THIS), merged_id=OTHER, merge_id=IDS[3])


@pytest.mark.parametrize(
    "history", [(MERGED,), (ABSORBED,), (ABSORBED, CustomerMergedInto(survivor_id=OTHER, merge_id=IDS[3]))]
)
def test_a_merge_is_reverted_on_either_history(history: tuple[CustomerEvent, ...]) -> None:
    event = MergeReverted(merge_id=MERGE, reason="Twins")
    command = RevertMerge(merge_id=MERGE, reason="Twins")
    assert decide(given(*history), command) == (event,)
    refused(UnknownMerge, given(*history, event), command)


def test_what_is_reverted_is_that_merge_and_no_other() -> None:
    other_merge = CustomerMergedInto(survivor_id=OTHER, merge_id=IDS[3])
    customer = given(ABSORBED, other_merge, MergeReverted(merge_id=MERGE))
    assert customer.merges == Merges(Merge(OTHER, IDS[3]))
    assert given(other_merge, ABSORBED).merges == Merges(Merge(OTHER, IDS[3]), {MERGE: OTHER})
    assert given(ABSORBED, MergeReverted(merge_id=IDS[3])).merges == Merges(None, {MERGE: OTHER})
    refused(UnknownMerge, given(MERGED), RevertMerge(merge_id=IDS[3]))
    assert given(MERGED, MergeReverted(merge_id=MERGE)) == given()


def test_a_merge_of_the_forgotten_is_not_reverted() -> None:
    refused(CustomerAlreadyForgotten, given(MERGED, FORGOTTEN_CUSTOMER), RevertMerge(merge_id=MERGE))
