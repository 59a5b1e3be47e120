"""A customer's profile: registered, renamed, classified, somebody's, tagged, archived."""

from dataclasses import replace
from typing import ClassVar, TypeAlias, assert_never

from pydantic import Field

from domain.customer.state import Customer, CustomerKind, must_be_in_use
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
from domain.phrases import after, assigned, said


class CustomerRegistered(Event):
    """We know of a new customer."""

    begins_history: ClassVar[bool] = True

    kind: CustomerKind
    name: PersonalText
    source: Word | None = None
    owner_id: MemberId | None = None
    external_ids: PersonalTexts = Field(default_factory=dict)

    def in_words(self) -> str:
        return f"Registered as {'a person' if self.kind == 'person' else 'an organisation'}: {said(self.name)}"


class CustomerRenamed(Event):
    """The customer has another name."""

    name: PersonalText

    def in_words(self) -> str:
        return f"Name: {said(self.name)}"


class CustomerClassified(Event):
    """Which customers this one is counted among; what is left out is not known."""

    segment: Word | None = None
    industry: Word | None = None
    size: Word | None = None
    tier: Word | None = None

    def in_words(self) -> str:
        known = {"segment": self.segment, "industry": self.industry, "size": self.size, "tier": self.tier}
        return f"Classified: {', '.join(f'{name} {value}' for name, value in known.items() if value) or 'not at all'}"


class CustomerOwnerAssigned(Event):
    """The customer is now somebody's, or a team's; without either, nobody's."""

    owner_id: MemberId | None = None
    team: Word | None = None
    rule: Word | None = None

    def in_words(self) -> str:
        return assigned(self.owner_id, self.team, self.rule)


class CustomerTagged(Event):
    """The customer bears a tag."""

    tag: Word

    def in_words(self) -> str:
        return f"Tagged {self.tag}"


class CustomerUntagged(Event):
    """The customer does not bear the tag any more."""

    tag: Word

    def in_words(self) -> str:
        return f"No longer tagged {self.tag}"


class CustomerArchived(Event):
    """The customer is put away: nothing is lost, but nobody works with her for the time being."""

    reason: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"Archived{after(': ', self.reason)}"


class CustomerRestored(Event):
    """The customer is back from the archive."""

    reason: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"Back from the archive{after(': ', self.reason)}"


ProfileEvent: TypeAlias = (
    CustomerRegistered
    | CustomerRenamed
    | CustomerClassified
    | CustomerOwnerAssigned
    | CustomerTagged
    | CustomerUntagged
    | CustomerArchived
    | CustomerRestored
)


def evolve_profile(customer: Customer, event: ProfileEvent) -> Customer:
    """The customer after the event."""
    match event:
        case CustomerRegistered():
            return replace(customer, kind=event.kind, owner_id=event.owner_id)
        case CustomerOwnerAssigned():
            return replace(customer, owner_id=event.owner_id, team=event.team)
        case CustomerTagged():
            return replace(customer, tags=customer.tags | {event.tag})
        case CustomerUntagged():
            return replace(customer, tags=customer.tags - {event.tag})
        case CustomerArchived() | CustomerRestored():
            return replace(customer, is_archived=isinstance(event, CustomerArchived))
        case CustomerRenamed() | CustomerClassified():
            return customer
        case _:
            assert_never(event)


class RegisterCustomer(Command):
    """Take up a new customer."""

    kind: CustomerKind
    name: Text
    source: Word | None = None
    owner_id: MemberId | None = None
    external_ids: dict[Word, ExternalKey] = Field(default_factory=dict)


class RenameCustomer(Command):
    """Give the customer another name."""

    name: Text


class ClassifyCustomer(Command):
    """Say which customers this one is counted among; what is left out is not known."""

    segment: Word | None = None
    industry: Word | None = None
    size: Word | None = None
    tier: Word | None = None


class AssignCustomerOwner(Command):
    """Hand the customer to somebody or to a team; to nobody when both are left out."""

    owner_id: MemberId | None = None
    team: Word | None = None
    rule: Word | None = None


class TagCustomer(Command):
    """Put a tag on the customer."""

    tag: Word


class UntagCustomer(Command):
    """Take a tag off the customer."""

    tag: Word


class ArchiveCustomer(Command):
    """Put the customer away, out of daily work."""

    reason: Text | None = None


class RestoreCustomer(Command):
    """Take the customer out of the archive."""

    reason: Text | None = None


class CustomerAlreadyRegistered(Refusal):
    """This customer is already registered. Work with the record that is there."""


class CustomerAlreadyTagged(Refusal):
    """This customer already bears the tag {tag}."""


class CustomerNotTagged(Refusal):
    """This customer does not bear that tag."""


class CustomerAlreadyArchived(Refusal):
    """This customer is already archived."""


class CustomerNotArchived(Refusal):
    """This customer is not archived, so there is nothing to restore."""


def register(customer: Customer | None, command: RegisterCustomer) -> CustomerRegistered:
    """Once per customer; raises CustomerAlreadyForgotten, CustomerMerged, CustomerAlreadyRegistered."""
    must_be_in_use(customer)
    if customer is not None and customer.kind is not None:
        raise CustomerAlreadyRegistered()
    return CustomerRegistered(
        kind=command.kind,
        name=command.name,
        source=command.source,
        owner_id=command.owner_id,
        external_ids=command.external_ids,
    )


def rename(customer: Customer, command: RenameCustomer) -> CustomerRenamed:
    """Raises CustomerAlreadyForgotten, CustomerMerged."""
    must_be_in_use(customer)
    return CustomerRenamed(name=command.name)


def classify(customer: Customer, command: ClassifyCustomer) -> CustomerClassified:
    """Raises CustomerAlreadyForgotten, CustomerMerged."""
    must_be_in_use(customer)
    return CustomerClassified(segment=command.segment, industry=command.industry, size=command.size, tier=command.tier)


def assign_owner(customer: Customer, command: AssignCustomerOwner) -> CustomerOwnerAssigned:
    """Raises CustomerAlreadyForgotten, CustomerMerged."""
    must_be_in_use(customer)
    return CustomerOwnerAssigned(owner_id=command.owner_id, team=command.team, rule=command.rule)


def tag(customer: Customer, command: TagCustomer) -> CustomerTagged:
    """Raises CustomerAlreadyForgotten, CustomerMerged, CustomerAlreadyTagged."""
    must_be_in_use(customer)
    if command.tag in customer.tags:
        raise CustomerAlreadyTagged(tag=command.tag)
    return CustomerTagged(tag=command.tag)


def untag(customer: Customer, command: UntagCustomer) -> CustomerUntagged:
    """Raises CustomerAlreadyForgotten, CustomerMerged, CustomerNotTagged."""
    must_be_in_use(customer)
    if command.tag not in customer.tags:
        raise CustomerNotTagged()
    return CustomerUntagged(tag=command.tag)


def archive(customer: Customer, command: ArchiveCustomer) -> CustomerArchived:
    """The archive is a place and no lock: a mail may still come in, and is recorded.

    Raises CustomerAlreadyForgotten, CustomerMerged, CustomerAlreadyArchived.
    """
    must_be_in_use(customer)
    if customer.is_archived:
        raise CustomerAlreadyArchived()
    return CustomerArchived(reason=command.reason)


def restore(customer: Customer, command: RestoreCustomer) -> CustomerRestored:
    """Raises CustomerAlreadyForgotten, CustomerMerged, CustomerNotArchived."""
    must_be_in_use(customer)
    if not customer.is_archived:
        raise CustomerNotArchived()
    return CustomerRestored(reason=command.reason)
