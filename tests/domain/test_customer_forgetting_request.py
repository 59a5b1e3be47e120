"""Forgetting takes two persons: one asks, another approves, and neither may be both."""

from uuid import UUID

import pytest

from domain.customer import (
    ApproveForgetting,
    Customer,
    CustomerAlreadyForgotten,
    CustomerForgettingRequested,
    CustomerForgettingRequestWithdrawn,
    CustomerForgotten,
    CustomerMerged,
    CustomerPersonForgotten,
    ForgettingAlreadyRequested,
    ForgettingNotRequested,
    PersonAlreadyForgotten,
    RequestForgetting,
    SelfApproval,
    WithdrawForgettingRequest,
    approve_forgetting,
    evolve,
)
from domain.event import FORGOTTEN, Refusal
from tests.domain.customers import ANN, FORGOTTEN_CUSTOMER, MERGED, REGISTERED, decide, fold, given, refused
from tests.domain.histories import IDS

EVA, IDA, KEY_OF_EVA, ISSUER = (UUID(int=0xE0 + number) for number in range(4))
ASKED = CustomerForgettingRequested(legal_basis="objection", reason="Letter of May")
ASKED_FOR_ANN = CustomerForgettingRequested(legal_basis="request", person_id=ANN)
WITHDRAWN = CustomerForgettingRequestWithdrawn(reason="Mistaken for another")
ANN_FORGOTTEN = CustomerPersonForgotten(person_id=ANN, legal_basis="request")
REQUEST = RequestForgetting(legal_basis="objection", reason="Letter of May")
REQUEST_FOR_ANN = RequestForgetting(person_id=ANN)
WITHDRAW = WithdrawForgettingRequest(reason="Mistaken for another")
APPROVE = ApproveForgetting(reason="Letter is in file 7")
APPROVE_FOR_ANN = ApproveForgetting(person_id=ANN)


def approved(customer: Customer, command: ApproveForgetting) -> CustomerForgotten | CustomerPersonForgotten:
    return approve_forgetting(customer, command, {EVA}, {IDA})


def not_approved(
    refusal: type[Refusal],
    customer: Customer,
    asked_by: set[UUID],
    approved_by: set[UUID],
    command: ApproveForgetting = APPROVE,
) -> None:
    with pytest.raises(refusal):
        approve_forgetting(customer, command, asked_by, approved_by)


def test_somebody_asks_with_the_basis_and_the_reason() -> None:
    assert decide(given(), REQUEST) == (ASKED,)
    assert decide(given(ASKED), REQUEST_FOR_ANN) == (ASKED_FOR_ANN,)
    assert decide(given(ASKED, WITHDRAWN), REQUEST) == (ASKED,)
    assert given(ASKED, ASKED_FOR_ANN).forgetting_requests == {None: "objection", ANN: "request"}


def test_it_is_asked_for_one_at_a_time() -> None:
    refused(ForgettingAlreadyRequested, given(ASKED), REQUEST)
    refused(ForgettingAlreadyRequested, given(ASKED, ASKED_FOR_ANN), REQUEST_FOR_ANN)


def test_of_who_is_forgotten_already_nothing_is_asked() -> None:
    refused(CustomerAlreadyForgotten, given(FORGOTTEN_CUSTOMER), REQUEST)
    refused(CustomerAlreadyForgotten, given(FORGOTTEN_CUSTOMER), REQUEST_FOR_ANN)
    refused(PersonAlreadyForgotten, given(ANN_FORGOTTEN), REQUEST_FOR_ANN)
    assert decide(given(ANN_FORGOTTEN), REQUEST) == (ASKED,)


def test_of_who_was_merged_it_is_asked_where_she_lives_on() -> None:
    refused(CustomerMerged, given(MERGED), REQUEST)


def test_a_request_is_withdrawn_and_only_that_one() -> None:
    assert decide(given(ASKED), WITHDRAW) == (WITHDRAWN,)
    assert decide(given(ASKED, MERGED), WITHDRAW) == (WITHDRAWN,)
    assert given(ASKED, ASKED_FOR_ANN, WITHDRAWN).forgetting_requests == {ANN: "request"}
    refused(ForgettingNotRequested, given(), WITHDRAW)
    refused(ForgettingNotRequested, given(ASKED, WITHDRAWN), WITHDRAW)
    refused(ForgettingNotRequested, given(ASKED_FOR_ANN), WITHDRAW)
    refused(CustomerAlreadyForgotten, given(ASKED, FORGOTTEN_CUSTOMER), WITHDRAW)
    refused(PersonAlreadyForgotten, given(ASKED_FOR_ANN, ANN_FORGOTTEN), WithdrawForgettingRequest(person_id=ANN))


def test_another_approves_on_the_basis_that_was_asked_for_and_in_her_own_words() -> None:
    assert approved(given(ASKED), APPROVE) == CustomerForgotten(legal_basis="objection", reason="Letter is in file 7")
    assert approved(given(ASKED, ASKED_FOR_ANN), APPROVE_FOR_ANN) == ANN_FORGOTTEN
    assert approved(given(ASKED, MERGED), APPROVE).legal_basis == "objection"


def test_nothing_is_approved_that_nobody_asked_for() -> None:
    refused(ForgettingNotRequested, given(), APPROVE)
    refused(ForgettingNotRequested, given(ASKED, WITHDRAWN), APPROVE)
    refused(ForgettingNotRequested, given(ASKED), APPROVE_FOR_ANN)
    refused(ForgettingNotRequested, given(ASKED_FOR_ANN), APPROVE)


def test_nobody_is_forgotten_twice() -> None:
    refused(CustomerAlreadyForgotten, given(ASKED, FORGOTTEN_CUSTOMER), APPROVE)
    refused(PersonAlreadyForgotten, given(ASKED_FOR_ANN, ANN_FORGOTTEN), APPROVE_FOR_ANN)


def test_nobody_approves_what_is_her_own() -> None:
    not_approved(SelfApproval, given(ASKED), {EVA}, {EVA})
    not_approved(SelfApproval, given(ASKED), {EVA, KEY_OF_EVA}, {EVA})
    not_approved(SelfApproval, given(ASKED), {ISSUER}, {KEY_OF_EVA, ISSUER})
    not_approved(ForgettingNotRequested, given(), {EVA}, {EVA})
    not_approved(SelfApproval, given(ASKED_FOR_ANN), {EVA}, {EVA}, APPROVE_FOR_ANN)


def test_with_her_the_requests_are_forgotten() -> None:
    assert given(ASKED, ASKED_FOR_ANN, FORGOTTEN_CUSTOMER).forgetting_requests == {}
    assert given(ASKED, ASKED_FOR_ANN, ANN_FORGOTTEN).forgetting_requests == {None: "objection"}


def test_who_asked_for_it_last_counts_and_a_forgotten_reason_changes_nothing() -> None:
    again = CustomerForgettingRequested(legal_basis="legal_duty", reason=FORGOTTEN)
    assert fold([REGISTERED, ASKED, again]).forgetting_requests == {None: "legal_duty"}
    assert evolve(None, CustomerForgettingRequestWithdrawn(person_id=IDS[0])) == Customer()
