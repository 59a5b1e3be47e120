"""A prospect becomes a customer or turns out to be one, and back; two records of the same deal, merged and back."""

from functools import reduce
from uuid import UUID

import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as st

from domain import customer as customers
from domain.customer import (
    Customer,
    CustomerAbsorbed,
    CustomerAlreadyForgotten,
    CustomerEvent,
    CustomerForgotten,
    CustomerMerged,
    CustomerMergedInto,
)
from domain.event import Command, CustomerId, Refusal
from domain.lead import (
    CancelFollowUp,
    CompleteFollowUp,
    Conversion,
    ConvertLead,
    ConvertLeadInto,
    CorrectInteraction,
    Lead,
    LeadAlreadyClosed,
    LeadAlreadyConverted,
    LeadConversionReverted,
    LeadConverted,
    LeadEvent,
    LeadMerged,
    LeadNotConverted,
    MergeLead,
    RemoveStakeholder,
    RescheduleFollowUp,
    RetractFollowUp,
    RetractInteraction,
    RevertConversion,
    RevertedConversion,
    absorb,
    convert_into,
    evolve,
    merge,
    revert_conversion,
    revert_merge,
)
from domain.merge import Absorbed, MergedInto, MergedIntoItself, MergeReverted, RevertMerge, UnknownMerge
from tests.domain.given import DISQUALIFIED, LOST, WON, given, refused
from tests.domain.histories import IDS, WORKSPACE, any_command, decide, patient

PROSPECT, ACME, OTHER = CustomerId(IDS[0]), CustomerId(IDS[1]), CustomerId(IDS[2])
MERGE, LATER = IDS[3], IDS[2]
THIS_LEAD, OTHER_LEAD = IDS[0], IDS[1]
INTO_ACME = ConvertLeadInto(customer_id=ACME, field_choices={"name": "merged"}, reason="Same firm")
MERGED_INTO_ACME = CustomerMergedInto(
    survivor_id=ACME, merge_id=MERGE, field_choices={"name": "merged"}, reason="Same firm"
)
ABSORBED = CustomerAbsorbed(merged_id=PROSPECT, merge_id=MERGE, field_choices={"name": "merged"})
IN_HER_OWN_RIGHT, IS_ACME = LeadConverted(), LeadConverted(customer_id=ACME, merge_id=MERGE)
REVERT = RevertConversion(reason="Another firm")


def customer(*events: CustomerEvent) -> Customer:
    return reduce(customers.evolve, events, Customer())


def converted_into(lead: Lead, prospect: Customer, acme: Customer) -> Conversion:
    root_id = CustomerId(prospect.merges.into.survivor_id) if prospect.merges.into else PROSPECT
    return convert_into(lead, INTO_ACME, PROSPECT, prospect, acme, MERGE, root_id, WORKSPACE)


@pytest.mark.parametrize(
    ("history", "command", "happened"),
    [
        ((), ConvertLead(), IN_HER_OWN_RIGHT),
        ((WON,), ConvertLead(), IN_HER_OWN_RIGHT),
        ((IN_HER_OWN_RIGHT,), REVERT, LeadConversionReverted(reason="Another firm")),
        ((IS_ACME,), REVERT, LeadConversionReverted(merge_id=MERGE, reason="Another firm")),
        ((IN_HER_OWN_RIGHT, LeadConversionReverted()), ConvertLead(), IN_HER_OWN_RIGHT),
        ((IN_HER_OWN_RIGHT, LeadConversionReverted()), INTO_ACME, LeadConverted(customer_id=ACME, merge_id=IDS[1])),
    ],
)
def test_when_this_is_wanted_that_happens(
    history: tuple[LeadEvent, ...], command: Command, happened: LeadEvent
) -> None:
    assert decide(given(*history), command) == (happened,)


@pytest.mark.parametrize(
    ("history", "command", "refusal"),
    [
        *(
            (history, command, refusal)
            for command in (ConvertLead(), INTO_ACME)
            for history, refusal in [
                ((IN_HER_OWN_RIGHT,), LeadAlreadyConverted),
                ((IS_ACME,), LeadAlreadyConverted),
                ((LOST,), LeadAlreadyClosed),
                ((DISQUALIFIED,), LeadAlreadyClosed),
            ]
        ),
        ((), REVERT, LeadNotConverted),
        ((IN_HER_OWN_RIGHT, LeadConversionReverted()), REVERT, LeadNotConverted),
    ],
)
def test_what_does_not_fit_is_refused(history: tuple[LeadEvent, ...], command: Command, refusal: type[Refusal]) -> None:
    refused(refusal, given(*history), command)


def test_a_prospect_who_is_a_known_customer_is_merged_into_her() -> None:
    conversion = converted_into(given(), customer(), customer())
    assert conversion == Conversion(IS_ACME, MERGED_INTO_ACME, ABSORBED)


def test_the_conversion_is_reverted_with_its_merge_on_all_three_histories() -> None:
    reverted = MergeReverted(merge_id=MERGE, reason="Another firm")
    prospect, acme = customer(MERGED_INTO_ACME), customer(ABSORBED)
    taken_back = revert_conversion(given(IS_ACME), REVERT, prospect, acme)
    lead_reverted = LeadConversionReverted(merge_id=MERGE, reason="Another firm")
    assert taken_back == RevertedConversion(lead_reverted, reverted, reverted)
    assert given(IS_ACME, lead_reverted) == given()
    assert customers.evolve(prospect, reverted) == customers.evolve(acme, reverted) == customer()


def test_another_lead_of_the_same_prospect_is_converted_without_another_merge_and_stays_so() -> None:
    prospect, acme = customer(MERGED_INTO_ACME), customer(ABSORBED)
    second = converted_into(given(), prospect, acme)
    assert second == Conversion(LeadConverted(customer_id=ACME))
    # the merge is the first lead's; the second goes without it
    taken_back = revert_conversion(given(second.lead), REVERT, prospect, acme)
    assert taken_back == RevertedConversion(LeadConversionReverted(reason="Another firm"))
    # nor is the second one's conversion in the way of the first one's, or lost by it
    first = revert_conversion(given(IS_ACME), REVERT, prospect, acme)
    assert first.prospect == first.customer == MergeReverted(merge_id=MERGE, reason="Another firm")
    assert given(second.lead).conversion == second.lead


@pytest.mark.parametrize(
    "since",
    [
        (MergeReverted(merge_id=MERGE),),
        (MergeReverted(merge_id=MERGE), CustomerMergedInto(survivor_id=ACME, merge_id=LATER)),
    ],
)
def test_a_merge_that_was_reverted_since_is_not_reverted_again(since: tuple[CustomerEvent, ...]) -> None:
    prospect, acme = customer(MERGED_INTO_ACME, *since), customer(ABSORBED, MergeReverted(merge_id=MERGE))
    taken_back = revert_conversion(given(IS_ACME), RevertConversion(), prospect, acme)
    assert taken_back == RevertedConversion(LeadConversionReverted(merge_id=MERGE))


def test_a_customer_who_was_merged_herself_since_still_gives_the_prospect_back() -> None:
    acme = customer(ABSORBED, CustomerMergedInto(survivor_id=OTHER, merge_id=LATER))
    taken_back = revert_conversion(given(IS_ACME), RevertConversion(), customer(MERGED_INTO_ACME), acme)
    assert taken_back.customer == MergeReverted(merge_id=MERGE)


@pytest.mark.parametrize(
    ("refusal", "prospect", "acme"),
    [
        (CustomerMerged, (CustomerMergedInto(survivor_id=OTHER, merge_id=LATER),), ()),
        (CustomerAlreadyForgotten, (CustomerForgotten(legal_basis="request"),), ()),
        (CustomerMerged, (), (CustomerMergedInto(survivor_id=OTHER, merge_id=LATER),)),
        (CustomerMerged, (), (CustomerMergedInto(survivor_id=PROSPECT, merge_id=LATER),)),
        (CustomerAlreadyForgotten, (), (CustomerForgotten(legal_basis="request"),)),
    ],
)
def test_a_prospect_is_converted_into_a_customer_in_use_and_not_in_a_circle(
    refusal: type[Refusal], prospect: tuple[CustomerEvent, ...], acme: tuple[CustomerEvent, ...]
) -> None:
    with pytest.raises(refusal):
        converted_into(given(), customer(*prospect), customer(*acme))


def test_a_prospect_is_not_converted_into_herself() -> None:
    with pytest.raises(MergedIntoItself):
        into_herself = ConvertLeadInto(customer_id=PROSPECT)
        convert_into(given(), into_herself, PROSPECT, customer(), customer(), MERGE, PROSPECT, WORKSPACE)


def test_a_prospect_who_lives_on_there_through_several_merges_is_converted_without_another() -> None:
    prospect = customer(CustomerMergedInto(survivor_id=OTHER, merge_id=LATER))
    conversion = convert_into(given(), INTO_ACME, PROSPECT, prospect, customer(), MERGE, ACME, WORKSPACE)
    assert conversion == Conversion(LeadConverted(customer_id=ACME))


def test_the_conversion_of_the_forgotten_is_not_reverted() -> None:
    forgotten = CustomerForgotten(legal_basis="request")
    with pytest.raises(CustomerAlreadyForgotten):
        revert_conversion(given(IS_ACME), REVERT, customer(MERGED_INTO_ACME), customer(ABSORBED, forgotten))


MERGED = MergedInto(survivor_id=OTHER_LEAD, merge_id=MERGE)


@pytest.mark.parametrize("closing", [None, WON, LOST, DISQUALIFIED])
def test_a_merge_is_recorded_on_both_histories_whatever_became_of_the_leads(closing: LeadEvent | None) -> None:
    lead = given(closing) if closing else given()
    command = MergeLead(survivor_id=OTHER_LEAD, reason="Twice")
    merged = MergedInto(survivor_id=OTHER_LEAD, merge_id=MERGE, reason="Twice")
    assert merge(lead, command, THIS_LEAD, MERGE) == merged
    absorbed = absorb(lead, command, THIS_LEAD, MERGE)
    assert absorbed == Absorbed(merged_id=THIS_LEAD, merge_id=MERGE)
    assert evolve(lead, merged).status == evolve(lead, absorbed).status == lead.status


def test_a_lead_is_not_merged_into_itself_nor_in_a_circle() -> None:
    refused(MergedIntoItself, given(), MergeLead(survivor_id=THIS_LEAD))
    refused(LeadMerged, given(MERGED), MergeLead(survivor_id=IDS[2]))
    with pytest.raises(LeadMerged):
        absorb(given(MERGED), MergeLead(survivor_id=THIS_LEAD), OTHER_LEAD, LATER)


@pytest.mark.parametrize("happened", [MERGED, Absorbed(merged_id=OTHER_LEAD, merge_id=MERGE)])
def test_the_merge_is_reverted_on_either_history(happened: LeadEvent) -> None:
    revert = RevertMerge(merge_id=MERGE, reason="Two roofs")
    reverted = MergeReverted(merge_id=MERGE, reason="Two roofs")
    assert decide(given(happened), revert) == (reverted,)
    refused(UnknownMerge, given(happened), RevertMerge(merge_id=LATER))
    refused(UnknownMerge, given(happened, reverted), revert)
    assert given(happened, reverted) == given()


def test_a_survivor_may_be_merged_and_each_merge_be_reverted_on_its_own() -> None:
    both = given(Absorbed(merged_id=IDS[2], merge_id=LATER), MERGED)
    reverted = evolve(both, MergeReverted(merge_id=LATER))
    assert (reverted.merges.into, reverted.merges.absorbed) == (both.merges.into, {})


OF_WHAT_LIES_THERE = (
    CorrectInteraction
    | RetractInteraction
    | RescheduleFollowUp
    | CompleteFollowUp
    | CancelFollowUp
    | RetractFollowUp
    | RemoveStakeholder
)


@settings(patient, max_examples=60)
@for_any(any_command)
def test_a_merged_lead_refuses_everything_but_the_revert_and_what_lies_there(command: Command) -> None:
    if not isinstance(command, RevertMerge | OF_WHAT_LIES_THERE):
        for history in ((), (LOST,), (IN_HER_OWN_RIGHT,)):
            assert str(OTHER_LEAD) in refused(LeadMerged, given(*history, MERGED), command)


STEPS = st.tuples(st.sampled_from(["merge", "revert"]), st.integers(0, 2), st.integers(0, 2))


@settings(patient, max_examples=50)
@for_any(st.lists(STEPS, min_size=6, max_size=12))
def test_no_merges_and_reverts_in_any_order_make_a_circle(steps: list[tuple[str, int, int]]) -> None:
    leads = {lead_id: Lead() for lead_id in IDS}
    for number, (step, one, other) in enumerate(steps):
        record, survivor, wish = IDS[one], IDS[other], MergeLead(survivor_id=IDS[other])
        into = leads[record].merges.into
        try:
            if step == "merge":
                merge_id = UUID(int=number)
                happened = merge(leads[record], wish, record, merge_id), absorb(leads[survivor], wish, record, merge_id)
                leads |= {record: evolve(leads[record], happened[0])}
                leads |= {survivor: evolve(leads[survivor], happened[1])}
            elif into is not None:
                for either in (record, into.survivor_id):
                    reverted = revert_merge(leads[either], RevertMerge(merge_id=into.merge_id))
                    leads |= {either: evolve(leads[either], reverted)}
        except Refusal:
            continue
    for lead_id in IDS:
        seen = {lead_id}
        while (into := leads[lead_id].merges.into) is not None:
            lead_id = into.survivor_id
            assert lead_id not in seen
            seen.add(lead_id)
