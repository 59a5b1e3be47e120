"""A customer: a person or an organisation, from the first contact on, so a prospect too."""

from dataclasses import dataclass, replace
from typing import ClassVar, Literal, TypeAlias, assert_never
from uuid import UUID

from pydantic import Field

from domain.event import (
    Command,
    Event,
    ExternalKey,
    MemberId,
    OptionalPersonalText,
    PersonalText,
    PersonalTexts,
    Refusal,
    Text,
    Word,
)

CustomerKind: TypeAlias = Literal["person", "organisation"]

LegalBasis: TypeAlias = Literal[
    "request", "consent_withdrawn", "objection", "no_longer_needed", "unlawful", "legal_duty", "erasure_list"
]
"""Why somebody is forgotten: Article 17 (1) of the GDPR, or because a restored backup is older than her erasure."""


class CustomerRegistered(Event):
    """We know of a new customer."""

    kind: CustomerKind
    name: PersonalText
    source: Word | None = None
    owner_id: MemberId | None = None
    external_ids: PersonalTexts = Field(default_factory=dict)


class CustomerForgotten(Event):
    """All that is personal about the customer was erased; `reason` is in the words of whoever erased it."""

    legal_basis: LegalBasis
    reason: OptionalPersonalText = None


class CustomerPersonForgotten(Event):
    """All that is personal about one of the customer's contact persons was erased."""

    part_field: ClassVar[str | None] = "person_id"

    person_id: UUID
    legal_basis: LegalBasis
    reason: OptionalPersonalText = None


CustomerEvent: TypeAlias = CustomerRegistered | CustomerForgotten | CustomerPersonForgotten


@dataclass(frozen=True)
class Customer:
    """What the rules need to know of a customer. The kind is None of a prospect whose name was never given."""

    kind: CustomerKind | None = None
    owner_id: MemberId | None = None
    is_forgotten: bool = False
    forgotten_people: frozenset[UUID] = frozenset()


def evolve(customer: Customer | None, event: CustomerEvent) -> Customer:
    """The customer after the event."""
    match event:
        case CustomerRegistered():
            return replace(customer or Customer(), kind=event.kind, owner_id=event.owner_id)
        case CustomerForgotten():
            return replace(customer or Customer(), is_forgotten=True)
        case CustomerPersonForgotten():
            known = customer or Customer()
            return replace(known, forgotten_people=known.forgotten_people | {event.person_id})
        case _:
            assert_never(event)


class RegisterCustomer(Command):
    """Take up a new customer."""

    kind: CustomerKind
    name: Text
    source: Word | None = None
    owner_id: MemberId | None = None
    external_ids: dict[Word, ExternalKey] = Field(default_factory=dict)


class ForgetCustomer(Command):
    """Erase all that is personal about a customer, for ever."""

    legal_basis: LegalBasis = "request"
    reason: Text | None = None


class ForgetPerson(Command):
    """Erase all that is personal about one of a customer's contact persons, for ever."""

    person_id: UUID
    legal_basis: LegalBasis = "request"
    reason: Text | None = None


class CustomerAlreadyRegistered(Refusal):
    """This customer is already registered. Work with the record that is there."""


class CustomerAlreadyForgotten(Refusal):
    """This customer was forgotten. Nothing personal is left of her, and nothing more can be recorded."""


class PersonAlreadyForgotten(Refusal):
    """This contact person was forgotten. Nothing personal is left, and nothing more can be recorded."""


def register(customer: Customer | None, command: RegisterCustomer) -> CustomerRegistered:
    """Once per customer; raises CustomerAlreadyForgotten, CustomerAlreadyRegistered."""
    if customer is not None and customer.is_forgotten:
        raise CustomerAlreadyForgotten()
    if customer is not None and customer.kind is not None:
        raise CustomerAlreadyRegistered()
    return CustomerRegistered(
        kind=command.kind,
        name=command.name,
        source=command.source,
        owner_id=command.owner_id,
        external_ids=command.external_ids,
    )


def forget(customer: Customer | None, command: ForgetCustomer) -> CustomerForgotten:
    """Once per customer, also of one who was never registered; raises CustomerAlreadyForgotten."""
    if customer is not None and customer.is_forgotten:
        raise CustomerAlreadyForgotten()
    return CustomerForgotten(legal_basis=command.legal_basis, reason=command.reason)


def forget_person(customer: Customer | None, command: ForgetPerson) -> CustomerPersonForgotten:
    """Once per contact person; raises CustomerAlreadyForgotten, PersonAlreadyForgotten."""
    if customer is not None and customer.is_forgotten:
        raise CustomerAlreadyForgotten()
    if customer is not None and command.person_id in customer.forgotten_people:
        raise PersonAlreadyForgotten()
    return CustomerPersonForgotten(person_id=command.person_id, legal_basis=command.legal_basis, reason=command.reason)
