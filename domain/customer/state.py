"""What a customer is after all that happened to her, as far as the rules need to know."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import ClassVar, Literal, TypeAlias
from uuid import UUID

from domain.contact_point import ContactPoint, ContactPointKind
from domain.custom_field import RecordNoun
from domain.customer.outreach_state import Outreach
from domain.customer.trade_state import Trade
from domain.event import CustomerId, Forgotten, MemberId, Refusal, Word
from domain.field_value import FieldValues
from domain.merge import Merges
from domain.work import Work

CustomerKind: TypeAlias = Literal["person", "organisation"]

RelationKind: TypeAlias = Literal["parent", "branch", "partner", "supplier", "employer", "referrer"]
"""What the other customer is to this one."""

CustomerStatus: TypeAlias = Literal["prospect", "active", "at_risk", "churned"]

RequestBasis: TypeAlias = Literal[
    "request", "consent_withdrawn", "objection", "no_longer_needed", "unlawful", "legal_duty"
]
"""Why somebody may ask that a customer be forgotten: Article 17 (1) of the GDPR."""

LegalBasis: TypeAlias = Literal[RequestBasis, "erasure_list"]
"""Why somebody is forgotten: Article 17 (1) of the GDPR, or because a restored backup is older than her erasure."""


@dataclass(frozen=True)
class KnownPoint:
    """A contact point in use, and whose it is: a contact person's, or None for the customer's own.

    Of each kind that she has, one is `primary`: the one that was recorded as such last, of those that are left.
    """

    kind: ContactPointKind
    value: ContactPoint | Forgotten
    primary: bool
    person_id: UUID | None
    recorded_as_primary: bool = False


@dataclass(frozen=True)
class Customer:
    """A customer now. The kind is None of a prospect whose name was never given."""

    noun: ClassVar[RecordNoun] = "customer"

    kind: CustomerKind | None = None
    owner_id: MemberId | None = None
    team: Word | None = None
    status: CustomerStatus = "prospect"
    is_said_active: bool = False
    tags: frozenset[Word] = frozenset()
    is_archived: bool = False
    contact_points: Mapping[UUID, KnownPoint] = field(default_factory=dict)
    people: frozenset[UUID] = frozenset()
    relations: Mapping[tuple[CustomerId, RelationKind], date | None] = field(default_factory=dict)
    trade: Trade = field(default_factory=Trade)
    outreach: Outreach = field(default_factory=Outreach)
    work: Work = field(default_factory=Work)
    custom_fields: FieldValues = field(default_factory=dict)
    merges: Merges = field(default_factory=Merges)
    is_forgotten: bool = False
    forgotten_people: frozenset[UUID] = frozenset()
    forgetting_requests: Mapping[UUID | None, LegalBasis] = field(default_factory=dict)
    """Whom somebody has asked to forget, and why: the customer herself (None), or contact persons of hers."""

    def must_be_in_use(self) -> None:
        """Raises CustomerAlreadyForgotten, CustomerMerged."""
        must_be_in_use(self)

    def must_not_be_forgotten(self) -> None:
        """Raises CustomerAlreadyForgotten."""
        must_not_be_forgotten(self)


class CustomerAlreadyForgotten(Refusal):
    """This customer was forgotten. Nothing personal is left of her, and nothing more can be recorded."""


class CustomerMerged(Refusal):
    """This customer was merged into the customer {survivor_id}. Record it there, or revert the merge first."""


class PersonAlreadyForgotten(Refusal):
    """This contact person was forgotten. Nothing personal is left, and nothing more can be recorded."""


def must_not_be_forgotten(customer: Customer | None, person_id: UUID | None = None) -> None:
    """Before something that lies on the customer already is ended, corrected or taken back, also once she was merged.

    Raises CustomerAlreadyForgotten, PersonAlreadyForgotten.
    """
    if customer is not None and customer.is_forgotten:
        raise CustomerAlreadyForgotten()
    if customer is not None and person_id in customer.forgotten_people:
        raise PersonAlreadyForgotten()


def must_be_in_use(customer: Customer | None, person_id: UUID | None = None) -> None:
    """Before anything new about the customer, or that contact person, is recorded.

    Raises CustomerAlreadyForgotten, PersonAlreadyForgotten, CustomerMerged.
    """
    must_not_be_forgotten(customer, person_id)
    if customer is not None and customer.merges.into is not None:
        raise CustomerMerged(survivor_id=customer.merges.into.survivor_id)


def buying(customer: Customer) -> Customer:
    """Active, when what she bought is the first thing to say so."""
    # who was at risk or had left is only said to be active again: what she bought may be recorded late
    is_first = customer.status == "prospect" and not customer.trade.is_empty
    return replace(customer, status="active") if is_first else customer


def not_buying(customer: Customer) -> Customer:
    """A prospect again, when what was retracted was all that said otherwise."""
    # only what she bought said that she was active, and none of it was hers
    is_prospect = customer.status == "active" and not customer.is_said_active and customer.trade.is_empty
    return replace(customer, status="prospect") if is_prospect else customer
