"""What a customer is after all that happened to her, as far as the rules need to know."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal, TypeAlias, assert_never
from uuid import UUID

from domain import follow_up, interaction
from domain.contact_point import ContactPoint, ContactPointKind
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
    CustomerMergeReverted,
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
    CustomerSubscriptionStarted,
    SubscriptionRecord,
)
from domain.customer.trade_state import Trade
from domain.event import CustomerId, Forgotten, MemberId, Refusal, Word
from domain.follow_up import FollowUpCancelled, FollowUpCompleted, FollowUpRescheduled, FollowUps, FollowUpScheduled
from domain.interaction import InteractionCorrected, InteractionLogged, InteractionRetracted, Interactions

CustomerStatus: TypeAlias = Literal["prospect", "active", "at_risk", "churned"]


@dataclass(frozen=True)
class KnownPoint:
    """A contact point in use, and whose it is: a contact person's, or None for the customer's own."""

    kind: ContactPointKind
    value: ContactPoint | Forgotten
    primary: bool
    person_id: UUID | None


@dataclass(frozen=True)
class Merge:
    """Into whom the customer was merged, by which merge."""

    survivor_id: CustomerId
    merge_id: UUID


@dataclass(frozen=True)
class Customer:
    """A customer now. The kind is None of a prospect whose name was never given."""

    kind: CustomerKind | None = None
    owner_id: MemberId | None = None
    team: Word | None = None
    status: CustomerStatus = "prospect"
    tags: frozenset[Word] = frozenset()
    is_archived: bool = False
    contact_points: Mapping[UUID, KnownPoint] = field(default_factory=dict)
    people: frozenset[UUID] = frozenset()
    relations: Mapping[tuple[CustomerId, RelationKind], date | None] = field(default_factory=dict)
    trade: Trade = field(default_factory=Trade)
    outreach: Outreach = field(default_factory=Outreach)
    interactions: Interactions = field(default_factory=Interactions)
    follow_ups: FollowUps = field(default_factory=FollowUps)
    merged: Merge | None = None
    absorbed: frozenset[UUID] = frozenset()
    is_forgotten: bool = False
    forgotten_people: frozenset[UUID] = frozenset()


def evolve(customer: Customer | None, event: CustomerEvent) -> Customer:
    """The customer after the event, whatever was recorded before: facts are not judged here."""
    customer = customer or Customer()
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
            return replace(customer, status="active")
        case CustomerMarkedAtRisk():
            return replace(customer, status="at_risk")
        case CustomerChurned():
            return replace(customer, status="churned")
        case CustomerPurchaseRecorded() | CustomerPurchaseRefunded():
            bought = _buying(customer) if isinstance(event, CustomerPurchaseRecorded) else customer
            return replace(bought, trade=trade_state.purchased(customer.trade, event))
        case SubscriptionRecord():
            bought = _buying(customer) if isinstance(event, CustomerSubscriptionStarted) else customer
            return replace(bought, trade=trade_state.subscribed(customer.trade, event))
        case (
            CustomerConsentGranted()
            | CustomerConsentWithdrawn()
            | CampaignMessageRecord()
            | CustomerCampaignResponded()
            | CustomerUnsubscribed()
            | CustomerSurveyAnswered()
        ):
            return replace(customer, outreach=outreach_state.evolve(customer.outreach, event))
        case InteractionLogged() | InteractionCorrected() | InteractionRetracted():
            return replace(customer, interactions=interaction.evolve(customer.interactions, event))
        case FollowUpScheduled() | FollowUpRescheduled() | FollowUpCompleted() | FollowUpCancelled():
            return replace(customer, follow_ups=follow_up.evolve(customer.follow_ups, event))
        case CustomerMergedInto():
            return replace(customer, merged=Merge(event.survivor_id, event.merge_id))
        case CustomerAbsorbed():
            return replace(customer, absorbed=customer.absorbed | {event.merge_id})
        case CustomerMergeReverted():
            stands = customer.merged and customer.merged.merge_id != event.merge_id
            return replace(
                customer,
                merged=customer.merged if stands else None,
                absorbed=customer.absorbed - {event.merge_id},
            )
        case CustomerForgotten():
            return replace(customer, is_forgotten=True)
        case CustomerPersonForgotten():
            known = _without_person(customer, event.person_id)
            return replace(known, forgotten_people=known.forgotten_people | {event.person_id})
        case CustomerRenamed() | CustomerClassified():
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
    return replace(customer, status="active") if customer.status == "prospect" else customer


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
    if customer is not None and customer.merged is not None:
        raise CustomerMerged(survivor_id=customer.merged.survivor_id)
