"""Where a customer is reached, directly or by way of her contact persons."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, ClassVar, TypeAlias, TypeVar, assert_never
from uuid import UUID

from pydantic import StringConstraints

from domain.contact_point import ContactPoint, ContactPointKind, PersonalContactPoint, contact_point
from domain.customer.contact_persons import must_speak_for
from domain.customer.state import Customer, KnownPoint, must_be_in_use, must_not_be_forgotten
from domain.event import Command, Event, Forgotten, OptionalPersonalText, Refusal, Text, Word
from domain.phrases import after, said


class ContactPointRecord(Event):
    """What is recorded of a contact point, at first and when corrected: the customer's own, or one of her people's."""

    part_field: ClassVar[str | None] = "point_id"

    point_id: UUID
    kind: ContactPointKind
    value: PersonalContactPoint
    label: Word | None = None
    primary: bool = False
    person_id: UUID | None = None


class CustomerContactPointAdded(ContactPointRecord):
    """The customer can be reached here; when primary, before all others of the kind."""

    def in_words(self) -> str:
        return f"Added {_point(self)}"


class CustomerContactPointCorrected(ContactPointRecord):
    """A contact point was recorded wrongly or is another now; this is how it is, in full."""

    def in_words(self) -> str:
        return f"Corrected to {_point(self)}"


class CustomerContactPointRemoved(Event):
    """The customer cannot be reached here any more."""

    part_field: ClassVar[str | None] = "point_id"

    point_id: UUID
    reason: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"Contact point removed{after(': ', self.reason)}"


ContactPointEvent: TypeAlias = CustomerContactPointAdded | CustomerContactPointCorrected | CustomerContactPointRemoved


def evolve_contact_points(customer: Customer, event: ContactPointEvent) -> Customer:
    """The customer after the event."""
    match event:
        case CustomerContactPointAdded() | CustomerContactPointCorrected():
            return replace(customer, contact_points=_with_point(customer.contact_points, event))
        case CustomerContactPointRemoved():
            return replace(customer, contact_points=_ranked(_without(customer.contact_points, event.point_id)))
        case _:
            assert_never(event)


Region = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
"""A country (ISO 3166) from which numbers without a country code are dialled."""


class ContactPointAccount(Command):
    """A contact point as somebody writes it: the customer's own, or that of one of her people."""

    kind: ContactPointKind
    written: Text
    region: Region | None = None
    label: Word | None = None


class AddContactPoint(ContactPointAccount):
    """Write down where the customer is reached; the first of a kind is the primary one."""

    primary: bool = False
    point_id: UUID | None = None
    person_id: UUID | None = None


class CorrectContactPoint(ContactPointAccount):
    """Write down how a contact point really is; every detail but whose it is is replaced. Whether it is the primary
    one stays as it was, unless it is said here."""

    primary: bool | None = None
    point_id: UUID


class RemoveContactPoint(Command):
    """Say that the customer is not reached there any more."""

    point_id: UUID
    reason: Text | None = None


class ContactPointAlreadyAdded(Refusal):
    """This is already among the contact points, as {point_id}. Correct that one if something about it is wrong."""


class UnknownContactPoint(Refusal):
    """There is no contact point {point_id} here. Check that it was added to this customer."""


def add_contact_point(customer: Customer, command: AddContactPoint, new_id: UUID) -> CustomerContactPointAdded:
    """Under the command's own id, else under `new_id`.

    Raises CustomerAlreadyForgotten, PersonAlreadyForgotten, CustomerMerged, UnknownContactPerson,
    ContactPointAlreadyAdded, ContactPointEmpty, ContactPointTooLong.
    """
    must_be_in_use(customer, command.person_id)
    must_speak_for(customer, command.person_id)
    point_id = command.point_id or new_id
    if point_id in customer.contact_points:
        raise ContactPointAlreadyAdded(point_id=point_id)
    rivals = (point for point in customer.contact_points.values() if point.person_id == command.person_id)
    primary = command.primary or not any(point.kind == command.kind for point in rivals)
    return _recorded(CustomerContactPointAdded, customer, command, point_id, command.person_id, primary)


def correct_contact_point(customer: Customer, command: CorrectContactPoint) -> CustomerContactPointCorrected:
    """Raises CustomerAlreadyForgotten, UnknownContactPoint, ContactPointAlreadyAdded, ContactPointEmpty,
    ContactPointTooLong.
    """
    known = _known(customer, command.point_id)
    kept = known.primary and known.kind == command.kind
    primary = kept if command.primary is None else command.primary
    return _recorded(CustomerContactPointCorrected, customer, command, command.point_id, known.person_id, primary)


def remove_contact_point(customer: Customer, command: RemoveContactPoint) -> CustomerContactPointRemoved:
    """Raises CustomerAlreadyForgotten, UnknownContactPoint."""
    _known(customer, command.point_id)
    return CustomerContactPointRemoved(point_id=command.point_id, reason=command.reason)


Record = TypeVar("Record", bound=ContactPointRecord)


def _recorded(
    record: type[Record],
    customer: Customer,
    account: ContactPointAccount,
    point_id: UUID,
    person_id: UUID | None,
    primary: bool,
) -> Record:
    recorded = record(
        point_id=point_id,
        kind=account.kind,
        value=contact_point(account.kind, account.written, account.region),
        label=account.label,
        primary=primary,
        person_id=person_id,
    )
    for other_id, other in customer.contact_points.items():
        same_kind = (other.kind, other.person_id) == (recorded.kind, recorded.person_id)
        if other_id != point_id and same_kind and _same(other.value, recorded.value):
            raise ContactPointAlreadyAdded(point_id=other_id)
    return recorded


def _same(one: ContactPoint | Forgotten, other: ContactPoint | Forgotten) -> bool:
    """What was forgotten is like nothing; what could not be read is compared as it was written."""
    if isinstance(one, Forgotten) or isinstance(other, Forgotten):
        return False
    if one.comparable is None or other.comparable is None:
        return one.as_written.strip().casefold() == other.as_written.strip().casefold()
    return (one.comparable, one.extension) == (other.comparable, other.extension)


def _known(customer: Customer, point_id: UUID) -> KnownPoint:
    must_not_be_forgotten(customer)
    if point_id not in customer.contact_points:
        raise UnknownContactPoint(point_id=point_id)
    return customer.contact_points[point_id]


def _with_point(points: Mapping[UUID, KnownPoint], event: ContactPointRecord) -> Mapping[UUID, KnownPoint]:
    """With the new or corrected one, as the one that was recorded last."""
    point = KnownPoint(event.kind, event.value, event.primary, event.person_id, event.primary)
    return _ranked({**_without(points, event.point_id), event.point_id: point})


def _without(points: Mapping[UUID, KnownPoint], point_id: UUID) -> Mapping[UUID, KnownPoint]:
    return {known: point for known, point in points.items() if known != point_id}


def _ranked(points: Mapping[UUID, KnownPoint]) -> Mapping[UUID, KnownPoint]:
    """With one primary point of each kind and person; where none was recorded as such, the one recorded first."""
    primary: dict[tuple[ContactPointKind, UUID | None], UUID] = {}
    for point_id, point in points.items():
        if point.recorded_as_primary:
            primary[point.kind, point.person_id] = point_id
    for point_id, point in points.items():
        primary.setdefault((point.kind, point.person_id), point_id)
    return {
        point_id: replace(point, primary=primary[point.kind, point.person_id] == point_id)
        for point_id, point in points.items()
    }


def _point(event: ContactPointRecord) -> str:
    written = event.value if isinstance(event.value, Forgotten) else event.value.as_written
    return f"{'primary ' if event.primary else ''}{event.kind}{after(', ', event.label)}: {said(written)}"
