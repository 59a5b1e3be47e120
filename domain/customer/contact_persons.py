"""Who speaks for a customer: contact persons, and their parts in the buying committee."""

from dataclasses import replace
from datetime import date
from typing import ClassVar, Literal, TypeAlias, assert_never
from uuid import UUID

from domain.customer.state import Customer, must_be_in_use, must_not_be_forgotten
from domain.event import Command, Event, OptionalPersonalText, PersonalText, Refusal, Text
from domain.phrases import after, during, said

BuyingRole: TypeAlias = Literal[
    "decision_maker", "economic_buyer", "champion", "influencer", "evaluator", "user", "gatekeeper", "blocker"
]
"""What part somebody has in the buying committee."""


class CustomerContactPersonAdded(Event):
    """Somebody speaks for the customer, perhaps with a part in the buying committee."""

    part_field: ClassVar[str | None] = "person_id"

    person_id: UUID
    name: PersonalText
    role: BuyingRole | None = None
    valid_from: date | None = None
    valid_to: date | None = None

    def in_words(self) -> str:
        part = f"{after(' as ', _spaced(self.role))}{during(self.valid_from, self.valid_to)}"
        return f"Contact person{part}: {said(self.name)}"


class CustomerContactPersonRoleAssigned(Event):
    """A contact person has another part in the buying committee; without one, none."""

    part_field: ClassVar[str | None] = "person_id"

    person_id: UUID
    role: BuyingRole | None = None
    valid_from: date | None = None
    valid_to: date | None = None

    def in_words(self) -> str:
        return f"Part of a contact person: {_spaced(self.role) or 'none'}{during(self.valid_from, self.valid_to)}"


class CustomerContactPersonRemoved(Event):
    """Somebody does not speak for the customer any more; she is not reached there any more either."""

    part_field: ClassVar[str | None] = "person_id"

    person_id: UUID
    reason: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"Contact person removed{after(': ', self.reason)}"


ContactPersonEvent: TypeAlias = (
    CustomerContactPersonAdded | CustomerContactPersonRoleAssigned | CustomerContactPersonRemoved
)


def evolve_contact_persons(customer: Customer, event: ContactPersonEvent) -> Customer:
    """The customer after the event."""
    match event:
        case CustomerContactPersonAdded() | CustomerContactPersonRoleAssigned():
            return replace(customer, people=customer.people | {event.person_id})
        case CustomerContactPersonRemoved():
            return without_person(customer, event.person_id)
        case _:
            assert_never(event)


class AddContactPerson(Command):
    """Write down who speaks for the customer, with her part in the buying committee if she has one."""

    person_id: UUID | None = None
    name: Text
    role: BuyingRole | None = None
    valid_from: date | None = None
    valid_to: date | None = None


class AssignContactPersonRole(Command):
    """Say what part a contact person has in the buying committee; without one, none."""

    person_id: UUID
    role: BuyingRole | None = None
    valid_from: date | None = None
    valid_to: date | None = None


class RemoveContactPerson(Command):
    """Say that somebody does not speak for the customer any more."""

    person_id: UUID
    reason: Text | None = None


class ContactPersonAlreadyAdded(Refusal):
    """The contact person {person_id} is already here. Assign her role, or leave out the id to add another."""


class UnknownContactPerson(Refusal):
    """There is no contact person {person_id} here. Add her first."""


class PeriodBackwards(Refusal):
    """This would end on {valid_to}, before it begins on {valid_from}. Check the days."""


def add_contact_person(customer: Customer, command: AddContactPerson, new_id: UUID) -> CustomerContactPersonAdded:
    """Under the command's own id, else under `new_id`; one who was removed may come back.

    Raises CustomerAlreadyForgotten, PersonAlreadyForgotten, CustomerMerged, ContactPersonAlreadyAdded,
    PeriodBackwards.
    """
    person_id = command.person_id or new_id
    must_be_in_use(customer, person_id)
    if person_id in customer.people:
        raise ContactPersonAlreadyAdded(person_id=person_id)
    must_run_forwards(command.valid_from, command.valid_to)
    return CustomerContactPersonAdded(
        person_id=person_id,
        name=command.name,
        role=command.role,
        valid_from=command.valid_from,
        valid_to=command.valid_to,
    )


def assign_contact_person_role(
    customer: Customer, command: AssignContactPersonRole
) -> CustomerContactPersonRoleAssigned:
    """Raises CustomerAlreadyForgotten, PersonAlreadyForgotten, UnknownContactPerson, PeriodBackwards."""
    _must_be_known(customer, command.person_id)
    must_run_forwards(command.valid_from, command.valid_to)
    return CustomerContactPersonRoleAssigned(
        person_id=command.person_id, role=command.role, valid_from=command.valid_from, valid_to=command.valid_to
    )


def remove_contact_person(customer: Customer, command: RemoveContactPerson) -> CustomerContactPersonRemoved:
    """Her contact points go with her.

    Raises CustomerAlreadyForgotten, PersonAlreadyForgotten, UnknownContactPerson.
    """
    _must_be_known(customer, command.person_id)
    return CustomerContactPersonRemoved(person_id=command.person_id, reason=command.reason)


def must_speak_for(customer: Customer, person_id: UUID | None) -> None:
    """Before something is recorded of her; None is the customer herself. Raises UnknownContactPerson."""
    if person_id is not None and person_id not in customer.people:
        raise UnknownContactPerson(person_id=person_id)


def must_run_forwards(valid_from: date | None, valid_to: date | None) -> None:
    """Raises PeriodBackwards."""
    if valid_from is not None and valid_to is not None and valid_to < valid_from:
        raise PeriodBackwards(valid_from=valid_from, valid_to=valid_to)


def without_person(customer: Customer, person_id: UUID) -> Customer:
    """Nor is she reached by way of that person any more."""
    points = {key: point for key, point in customer.contact_points.items() if point.person_id != person_id}
    return replace(customer, people=customer.people - {person_id}, contact_points=points)


def _must_be_known(customer: Customer, person_id: UUID) -> None:
    must_not_be_forgotten(customer, person_id)
    must_speak_for(customer, person_id)


def _spaced(code: str | None) -> str | None:
    return code and code.replace("_", " ")
