"""A customer's profile: registered, renamed, classified, somebody's, tagged, archived; and forgotten, for ever."""

from uuid import UUID

from pydantic import Field

from domain.customer.events import (
    CustomerArchived,
    CustomerClassified,
    CustomerForgotten,
    CustomerKind,
    CustomerOwnerAssigned,
    CustomerPersonForgotten,
    CustomerRegistered,
    CustomerRenamed,
    CustomerRestored,
    CustomerTagged,
    CustomerUntagged,
    LegalBasis,
)
from domain.customer.state import Customer, must_be_in_use, must_not_be_forgotten
from domain.event import Command, ExternalKey, MemberId, Refusal, Text, Word


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


def forget(customer: Customer | None, command: ForgetCustomer) -> CustomerForgotten:
    """Once per customer, also of one who was never registered, or was merged; raises CustomerAlreadyForgotten."""
    must_not_be_forgotten(customer)
    return CustomerForgotten(legal_basis=command.legal_basis, reason=command.reason)


def forget_person(customer: Customer | None, command: ForgetPerson) -> CustomerPersonForgotten:
    """Once per contact person; raises CustomerAlreadyForgotten, PersonAlreadyForgotten."""
    must_not_be_forgotten(customer, command.person_id)
    return CustomerPersonForgotten(person_id=command.person_id, legal_basis=command.legal_basis, reason=command.reason)
