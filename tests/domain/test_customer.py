"""A customer is registered once, and forgotten once and for ever."""

from collections.abc import Sequence

import pytest

from domain.customer import (
    Customer,
    CustomerAlreadyForgotten,
    CustomerAlreadyRegistered,
    CustomerEvent,
    CustomerForgotten,
    CustomerMerged,
    CustomerMergedInto,
    CustomerPersonForgotten,
    CustomerRegistered,
    ForgetCustomer,
    ForgetPerson,
    PersonAlreadyForgotten,
    RegisterCustomer,
    evolve,
    forget,
    forget_person,
    register,
)
from domain.event import FORGOTTEN, CustomerId, MemberId
from tests.domain.histories import IDS

ALICE = MemberId(IDS[0])
COMMAND = RegisterCustomer(kind="organisation", name="Acme", source="web", owner_id=ALICE, external_ids={"erp": "A-17"})
REGISTERED = CustomerRegistered(
    kind="organisation", name="Acme", source="web", owner_id=ALICE, external_ids={"erp": "A-17"}
)


def test_a_new_customer_is_registered_with_all_that_was_said() -> None:
    assert register(None, COMMAND) == REGISTERED


def test_a_customer_is_not_registered_twice() -> None:
    with pytest.raises(CustomerAlreadyRegistered):
        register(evolve(None, REGISTERED), COMMAND)


def test_a_registered_customer_is_of_a_kind_and_somebodys() -> None:
    assert evolve(None, REGISTERED) == Customer(kind="organisation", owner_id=ALICE)


def test_a_forgotten_customer_is_still_registered() -> None:
    forgotten = CustomerRegistered(kind="person", name=FORGOTTEN, external_ids=FORGOTTEN)
    assert evolve(None, forgotten) == Customer(kind="person")


def fold(events: Sequence[CustomerEvent]) -> Customer | None:
    customer: Customer | None = None
    for event in events:
        customer = evolve(customer, event)
    return customer


FORGET = ForgetCustomer(legal_basis="objection", reason="Asked by letter")
FORGET_ANN = ForgetPerson(person_id=IDS[1], legal_basis="request", reason="Left the company")


def test_a_customer_is_forgotten_with_the_basis_and_the_reason() -> None:
    assert forget(fold([REGISTERED]), FORGET) == CustomerForgotten(legal_basis="objection", reason="Asked by letter")


def test_a_customer_who_was_never_registered_can_be_forgotten() -> None:
    assert fold([forget(None, ForgetCustomer())]) == Customer(kind=None, is_forgotten=True)


def test_who_was_forgotten_is_neither_forgotten_again_nor_taken_up_again() -> None:
    for before in ([], [REGISTERED]):
        forgotten = fold([*before, forget(fold(before), FORGET)])
        with pytest.raises(CustomerAlreadyForgotten):
            forget(forgotten, FORGET)
        with pytest.raises(CustomerAlreadyForgotten):
            forget_person(forgotten, FORGET_ANN)
        with pytest.raises(CustomerAlreadyForgotten):
            register(forgotten, COMMAND)


def test_a_contact_person_is_forgotten_once_and_the_others_stay() -> None:
    event = forget_person(fold([REGISTERED]), FORGET_ANN)
    assert event == CustomerPersonForgotten(person_id=IDS[1], legal_basis="request", reason="Left the company")
    customer = fold([REGISTERED, event])
    assert customer == Customer(kind="organisation", owner_id=ALICE, forgotten_people=frozenset({IDS[1]}))
    with pytest.raises(PersonAlreadyForgotten):
        forget_person(customer, FORGET_ANN)
    another = ForgetPerson(person_id=IDS[2])
    assert fold([REGISTERED, event, forget_person(customer, another)]) == Customer(
        kind="organisation", owner_id=ALICE, forgotten_people=frozenset({IDS[1], IDS[2]})
    )


def test_a_customer_can_be_registered_after_one_of_her_people_was_forgotten() -> None:
    assert register(fold([forget_person(None, FORGET_ANN)]), COMMAND) == REGISTERED


def test_a_merged_customer_is_not_registered_but_can_be_forgotten() -> None:
    merged = fold([CustomerMergedInto(survivor_id=CustomerId(IDS[1]), merge_id=IDS[2])])
    with pytest.raises(CustomerMerged):
        register(merged, COMMAND)
    assert forget(merged, FORGET) == CustomerForgotten(legal_basis="objection", reason="Asked by letter")
