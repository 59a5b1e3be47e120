"""Where a customer is reached, and by way of whom: contact points and contact persons."""

from datetime import date
from typing import Annotated, TypeVar
from uuid import UUID

from pydantic import StringConstraints

from domain.contact_point import ContactPoint, ContactPointKind, contact_point
from domain.customer.events import (
    BuyingRole,
    ContactPointRecord,
    CustomerContactPersonAdded,
    CustomerContactPersonRemoved,
    CustomerContactPersonRoleAssigned,
    CustomerContactPointAdded,
    CustomerContactPointCorrected,
    CustomerContactPointRemoved,
)
from domain.customer.state import Customer, KnownPoint, must_be_in_use
from domain.event import Command, Forgotten, Refusal, Text, Word

Region = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
"""A country (ISO 3166) from which numbers without a country code are dialled."""


class ContactPointAccount(Command):
    """A contact point as somebody writes it: the customer's own, or that of one of her people."""

    kind: ContactPointKind
    written: Text
    region: Region | None = None
    label: Word | None = None
    primary: bool = False


class AddContactPoint(ContactPointAccount):
    """Write down where the customer is reached; the first of a kind is the primary one."""

    point_id: UUID | None = None
    person_id: UUID | None = None


class CorrectContactPoint(ContactPointAccount):
    """Write down how a contact point really is; every detail but whose it is is replaced."""

    point_id: UUID


class RemoveContactPoint(Command):
    """Say that the customer is not reached there any more."""

    point_id: UUID
    reason: Text | None = None


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


class ContactPointAlreadyAdded(Refusal):
    """This is already among the contact points, as {point_id}. Correct that one if something about it is wrong."""


class UnknownContactPoint(Refusal):
    """There is no contact point {point_id} here. Check that it was added to this customer."""


class ContactPersonAlreadyAdded(Refusal):
    """The contact person {person_id} is already here. Assign her role, or leave out the id to add another."""


class UnknownContactPerson(Refusal):
    """There is no contact person {person_id} here. Add her first."""


class PeriodBackwards(Refusal):
    """This would end on {valid_to}, before it begins on {valid_from}. Check the days."""


def add_contact_point(customer: Customer, command: AddContactPoint, new_id: UUID) -> CustomerContactPointAdded:
    """Under the command's own id, else under `new_id`.

    Raises CustomerAlreadyForgotten, PersonAlreadyForgotten, CustomerMerged, UnknownContactPerson,
    ContactPointAlreadyAdded, ContactPointEmpty, ContactPointTooLong.
    """
    must_be_in_use(customer, command.person_id)
    if command.person_id is not None and command.person_id not in customer.people:
        raise UnknownContactPerson(person_id=command.person_id)
    point_id = command.point_id or new_id
    if point_id in customer.contact_points:
        raise ContactPointAlreadyAdded(point_id=point_id)
    added = _recorded(CustomerContactPointAdded, customer, command, point_id, command.person_id)
    has_primary = any(point.primary for point in _rivals(customer, added))
    return added if has_primary else added.model_copy(update={"primary": True})


def correct_contact_point(customer: Customer, command: CorrectContactPoint) -> CustomerContactPointCorrected:
    """Raises CustomerAlreadyForgotten, CustomerMerged, UnknownContactPoint, ContactPointAlreadyAdded,
    ContactPointEmpty, ContactPointTooLong.
    """
    known = _known(customer, command.point_id)
    return _recorded(CustomerContactPointCorrected, customer, command, command.point_id, known.person_id)


def remove_contact_point(customer: Customer, command: RemoveContactPoint) -> CustomerContactPointRemoved:
    """Raises CustomerAlreadyForgotten, CustomerMerged, UnknownContactPoint."""
    _known(customer, command.point_id)
    return CustomerContactPointRemoved(point_id=command.point_id, reason=command.reason)


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
    """Raises CustomerAlreadyForgotten, PersonAlreadyForgotten, CustomerMerged, UnknownContactPerson,
    PeriodBackwards.
    """
    _must_be_known(customer, command.person_id)
    must_run_forwards(command.valid_from, command.valid_to)
    return CustomerContactPersonRoleAssigned(
        person_id=command.person_id, role=command.role, valid_from=command.valid_from, valid_to=command.valid_to
    )


def remove_contact_person(customer: Customer, command: RemoveContactPerson) -> CustomerContactPersonRemoved:
    """Her contact points go with her.

    Raises CustomerAlreadyForgotten, PersonAlreadyForgotten, CustomerMerged, UnknownContactPerson.
    """
    _must_be_known(customer, command.person_id)
    return CustomerContactPersonRemoved(person_id=command.person_id, reason=command.reason)


def must_run_forwards(valid_from: date | None, valid_to: date | None) -> None:
    """Raises PeriodBackwards."""
    if valid_from is not None and valid_to is not None and valid_to < valid_from:
        raise PeriodBackwards(valid_from=valid_from, valid_to=valid_to)


Record = TypeVar("Record", bound=ContactPointRecord)


def _recorded(
    record: type[Record], customer: Customer, account: ContactPointAccount, point_id: UUID, person_id: UUID | None
) -> Record:
    recorded = record(
        point_id=point_id,
        kind=account.kind,
        value=contact_point(account.kind, account.written, account.region),
        label=account.label,
        primary=account.primary,
        person_id=person_id,
    )
    for other_id, other in customer.contact_points.items():
        same_kind = (other.kind, other.person_id) == (recorded.kind, recorded.person_id)
        if other_id != point_id and same_kind and _same(other.value, recorded.value):
            raise ContactPointAlreadyAdded(point_id=other_id)
    return recorded


def _rivals(customer: Customer, record: ContactPointRecord) -> list[KnownPoint]:
    points = customer.contact_points.values()
    return [point for point in points if (point.kind, point.person_id) == (record.kind, record.person_id)]


def _same(one: ContactPoint | Forgotten, other: ContactPoint | Forgotten) -> bool:
    """What was forgotten is like nothing; what could not be read is compared as it was written."""
    if isinstance(one, Forgotten) or isinstance(other, Forgotten):
        return False
    if one.comparable is None or other.comparable is None:
        return one.as_written.strip().casefold() == other.as_written.strip().casefold()
    return (one.comparable, one.extension) == (other.comparable, other.extension)


def _known(customer: Customer, point_id: UUID) -> KnownPoint:
    must_be_in_use(customer)
    if point_id not in customer.contact_points:
        raise UnknownContactPoint(point_id=point_id)
    return customer.contact_points[point_id]


def _must_be_known(customer: Customer, person_id: UUID) -> None:
    must_be_in_use(customer, person_id)
    if person_id not in customer.people:
        raise UnknownContactPerson(person_id=person_id)
