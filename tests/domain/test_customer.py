"""A customer is registered once."""

import pytest

from domain.customer import (
    Customer,
    CustomerAlreadyRegistered,
    CustomerRegistered,
    RegisterCustomer,
    evolve,
    register,
)
from domain.event import FORGOTTEN, MemberId
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
