"""A customer: a person or an organisation, from the first contact on, so a prospect too."""

from dataclasses import dataclass
from typing import Literal, TypeAlias, assert_never

from pydantic import Field

from domain.event import Command, Event, ExternalKey, MemberId, PersonalText, PersonalTexts, Refusal, Text, Word

CustomerKind: TypeAlias = Literal["person", "organisation"]


class CustomerRegistered(Event):
    """We know of a new customer."""

    kind: CustomerKind
    name: PersonalText
    source: Word | None = None
    owner_id: MemberId | None = None
    external_ids: PersonalTexts = Field(default_factory=dict)


CustomerEvent: TypeAlias = CustomerRegistered


@dataclass(frozen=True)
class Customer:
    """What the rules need to know of a customer."""

    kind: CustomerKind
    owner_id: MemberId | None = None


def evolve(customer: Customer | None, event: CustomerEvent) -> Customer:
    """The customer after the event."""
    match event:
        case CustomerRegistered():
            return Customer(kind=event.kind, owner_id=event.owner_id)
        case _:
            assert_never(event)


class RegisterCustomer(Command):
    """Take up a new customer."""

    kind: CustomerKind
    name: Text
    source: Word | None = None
    owner_id: MemberId | None = None
    external_ids: dict[Word, ExternalKey] = Field(default_factory=dict)


class CustomerAlreadyRegistered(Refusal):
    """This customer is already registered. Work with the record that is there."""


def register(customer: Customer | None, command: RegisterCustomer) -> CustomerRegistered:
    """Once per customer; raises CustomerAlreadyRegistered."""
    if customer is not None:
        raise CustomerAlreadyRegistered()
    return CustomerRegistered(
        kind=command.kind,
        name=command.name,
        source=command.source,
        owner_id=command.owner_id,
        external_ids=command.external_ids,
    )
