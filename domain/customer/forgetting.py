"""All that is personal about a customer, or about one of her people, forgotten for ever."""

from dataclasses import replace
from typing import ClassVar, TypeAlias, assert_never
from uuid import UUID

from domain.customer.contact_persons import without_person
from domain.customer.state import Customer, LegalBasis, must_not_be_forgotten
from domain.event import Command, Event, OptionalPersonalText, Text
from domain.phrases import after


class CustomerForgotten(Event):
    """All that is personal about the customer was erased; `reason` is in the words of whoever erased it."""

    can_be_undone: ClassVar[bool] = False

    legal_basis: LegalBasis
    reason: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"Personal data erased {_erased(self)}"


class CustomerPersonForgotten(Event):
    """All that is personal about one of the customer's contact persons was erased."""

    can_be_undone: ClassVar[bool] = False

    part_field: ClassVar[str | None] = "person_id"

    person_id: UUID
    legal_basis: LegalBasis
    reason: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"Personal data of a contact person erased {_erased(self)}"


ForgettingEvent: TypeAlias = CustomerForgotten | CustomerPersonForgotten


def evolve_forgetting(customer: Customer, event: ForgettingEvent) -> Customer:
    """The customer after the event."""
    match event:
        case CustomerForgotten():
            return replace(customer, is_forgotten=True, forgetting_requests={})
        case CustomerPersonForgotten():
            known = without_person(customer, event.person_id)
            asked = {whom: basis for whom, basis in known.forgetting_requests.items() if whom != event.person_id}
            return replace(
                known, forgotten_people=known.forgotten_people | {event.person_id}, forgetting_requests=asked
            )
        case _:
            assert_never(event)


class ForgetCustomer(Command):
    """Erase all that is personal about a customer, for ever."""

    legal_basis: LegalBasis = "request"
    reason: Text | None = None


class ForgetPerson(Command):
    """Erase all that is personal about one of a customer's contact persons, for ever."""

    person_id: UUID
    legal_basis: LegalBasis = "request"
    reason: Text | None = None


def forget(customer: Customer | None, command: ForgetCustomer) -> CustomerForgotten:
    """Once per customer, also of one who was never registered, or was merged; raises CustomerAlreadyForgotten."""
    must_not_be_forgotten(customer)
    return CustomerForgotten(legal_basis=command.legal_basis, reason=command.reason)


def forget_person(customer: Customer | None, command: ForgetPerson) -> CustomerPersonForgotten:
    """Once per contact person; raises CustomerAlreadyForgotten, PersonAlreadyForgotten."""
    must_not_be_forgotten(customer, command.person_id)
    return CustomerPersonForgotten(person_id=command.person_id, legal_basis=command.legal_basis, reason=command.reason)


def _erased(event: CustomerForgotten | CustomerPersonForgotten) -> str:
    return f"({event.legal_basis.replace('_', ' ')}){after(': ', event.reason)}"
