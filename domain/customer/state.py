"""What a customer is after all that happened to her, as far as the rules need to know."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import ClassVar, Literal, TypeAlias, assert_never
from uuid import UUID

from domain.contact_point import ContactPoint, ContactPointKind
from domain.custom_field import RecordNoun
from domain.customer import outreach_state, trade_state
from domain.customer.events import (
    ContactPointRecord,
    CustomerAbsorbed,
    CustomerActivated,
    CustomerArchived,
    CustomerChurned,
    CustomerClassified,
    CustomerContactPersonAdded,
    CustomerContactPersonRemoved,
    CustomerContactPersonRoleAssigned,
    CustomerContactPointAdded,
    CustomerContactPointCorrected,
    CustomerContactPointRemoved,
    CustomerEvent,
    CustomerForgotten,
    CustomerKind,
    CustomerMarkedAtRisk,
    CustomerMergedInto,
    CustomerOwnerAssigned,
    CustomerPersonForgotten,
    CustomerRegistered,
    CustomerRelatedTo,
    CustomerRelationEnded,
    CustomerRenamed,
    CustomerRestored,
    CustomerTagged,
    CustomerUntagged,
    CustomerWonBack,
    RelationKind,
)
from domain.customer.outreach_events import (
    CampaignMessageRecord,
    CustomerCampaignResponded,
    CustomerConsentGranted,
    CustomerConsentWithdrawn,
    CustomerSurveyAnswered,
    CustomerUnsubscribed,
)
from domain.customer.outreach_state import Outreach
from domain.customer.trade_events import (
    CustomerPurchaseRecorded,
    CustomerPurchaseRefunded,
    CustomerPurchaseRetracted,
    CustomerSubscriptionRetracted,
    CustomerSubscriptionStarted,
    SubscriptionRecord,
)
from domain.customer.trade_state import Trade
from domain.event import CustomerId, Forgotten, MemberId, Refusal, Word
from domain.field_value import CustomFieldRecorded, FieldValues, with_value
from domain.merge import MergeReverted, Merges, merged
from domain.undo import EventsUndone
from domain.work import Work, WorkEvent, worked

CustomerStatus: TypeAlias = Literal["prospect", "active", "at_risk", "churned"]


@dataclass(frozen=True)
class KnownPoint:
    """A contact point in use, and whose it is: a contact person's, or None for the customer's own."""

    kind: ContactPointKind
    value: ContactPoint | Forgotten
    primary: bool
    person_id: UUID | None


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

    def must_be_in_use(self) -> None:
        """Raises CustomerAlreadyForgotten, CustomerMerged."""
        must_be_in_use(self)


def evolve(customer: Customer | None, event: CustomerEvent) -> Customer:
    """The customer after the event, whatever was recorded before: facts are not judged here."""
    customer = customer or Customer()
    if isinstance(event, WorkEvent):
        return replace(customer, work=worked(customer.work, event))
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
        case CustomerContactPointAdded() | CustomerContactPointCorrected():
            return replace(customer, contact_points=_with_point(customer.contact_points, event))
        case CustomerContactPointRemoved():
            points = {
                point_id: point for point_id, point in customer.contact_points.items() if point_id != event.point_id
            }
            return replace(customer, contact_points=points)
        case CustomerContactPersonAdded() | CustomerContactPersonRoleAssigned():
            return replace(customer, people=customer.people | {event.person_id})
        case CustomerContactPersonRemoved():
            return _without_person(customer, event.person_id)
        case CustomerRelatedTo():
            return replace(customer, relations={**customer.relations, (event.other_id, event.kind): event.valid_from})
        case CustomerRelationEnded():
            ended = (event.other_id, event.kind)
            return replace(customer, relations={key: day for key, day in customer.relations.items() if key != ended})
        case CustomerActivated() | CustomerWonBack():
            return replace(customer, status="active", is_said_active=True)
        case CustomerMarkedAtRisk():
            return replace(customer, status="at_risk")
        case CustomerChurned():
            return replace(customer, status="churned")
        case CustomerPurchaseRecorded() | CustomerPurchaseRefunded():
            known = replace(customer, trade=trade_state.purchased(customer.trade, event))
            return _buying(known) if isinstance(event, CustomerPurchaseRecorded) else known
        case SubscriptionRecord():
            known = replace(customer, trade=trade_state.subscribed(customer.trade, event))
            return _buying(known) if isinstance(event, CustomerSubscriptionStarted) else known
        case CustomerPurchaseRetracted() | CustomerSubscriptionRetracted():
            return _not_buying(replace(customer, trade=trade_state.retracted(customer.trade, event)))
        case (
            CustomerConsentGranted()
            | CustomerConsentWithdrawn()
            | CampaignMessageRecord()
            | CustomerCampaignResponded()
            | CustomerUnsubscribed()
            | CustomerSurveyAnswered()
        ):
            return replace(customer, outreach=outreach_state.evolve(customer.outreach, event))
        case CustomerMergedInto() | CustomerAbsorbed() | MergeReverted():
            return replace(customer, merges=merged(customer.merges, event))
        case CustomFieldRecorded():
            return replace(customer, custom_fields=with_value(customer.custom_fields, event))
        case CustomerForgotten():
            return replace(customer, is_forgotten=True)
        case CustomerPersonForgotten():
            known = _without_person(customer, event.person_id)
            return replace(known, forgotten_people=known.forgotten_people | {event.person_id})
        case CustomerRenamed() | CustomerClassified() | EventsUndone():
            return customer
        case _:
            assert_never(event)


def _with_point(points: Mapping[UUID, KnownPoint], event: ContactPointRecord) -> Mapping[UUID, KnownPoint]:
    """With the new or corrected one; when it is primary, no other of its kind and person is."""
    point = KnownPoint(event.kind, event.value, event.primary, event.person_id)
    rivals = (
        point_id
        for point_id, other in points.items()
        if event.primary and (other.kind, other.person_id) == (event.kind, event.person_id)
    )
    return {**points, **{rival: replace(points[rival], primary=False) for rival in rivals}, event.point_id: point}


def _without_person(customer: Customer, person_id: UUID) -> Customer:
    points = {key: point for key, point in customer.contact_points.items() if point.person_id != person_id}
    return replace(customer, people=customer.people - {person_id}, contact_points=points)


def _buying(customer: Customer) -> Customer:
    # who was at risk or had left is only said to be active again: what she bought may be recorded late
    is_first = customer.status == "prospect" and not customer.trade.is_empty
    return replace(customer, status="active") if is_first else customer


def _not_buying(customer: Customer) -> Customer:
    # only what she bought said that she was active, and none of it was hers
    is_prospect = customer.status == "active" and not customer.is_said_active and customer.trade.is_empty
    return replace(customer, status="prospect") if is_prospect else customer


class CustomerAlreadyForgotten(Refusal):
    """This customer was forgotten. Nothing personal is left of her, and nothing more can be recorded."""


class CustomerMerged(Refusal):
    """This customer was merged into the customer {survivor_id}. Work there, or revert the merge first."""


class PersonAlreadyForgotten(Refusal):
    """This contact person was forgotten. Nothing personal is left, and nothing more can be recorded."""


def must_not_be_forgotten(customer: Customer | None, person_id: UUID | None = None) -> None:
    """Neither the customer nor that contact person; raises CustomerAlreadyForgotten, PersonAlreadyForgotten."""
    if customer is not None and customer.is_forgotten:
        raise CustomerAlreadyForgotten()
    if customer is not None and person_id in customer.forgotten_people:
        raise PersonAlreadyForgotten()


def must_be_in_use(customer: Customer | None, person_id: UUID | None = None) -> None:
    """Before anything about the customer, or that contact person, is recorded.

    Raises CustomerAlreadyForgotten, PersonAlreadyForgotten, CustomerMerged.
    """
    must_not_be_forgotten(customer, person_id)
    if customer is not None and customer.merges.into is not None:
        raise CustomerMerged(survivor_id=customer.merges.into.survivor_id)
