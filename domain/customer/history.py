"""All that can happen to a customer, and what she is after that."""

from dataclasses import replace
from typing import TypeAlias, assert_never

from domain.customer.campaign_messages import CampaignMessageEvent, evolve_campaign_messages
from domain.customer.cancellation import CancellationEvent, evolve_cancellation
from domain.customer.consent import ConsentEvent, evolve_consent
from domain.customer.contact_persons import ContactPersonEvent, evolve_contact_persons
from domain.customer.contact_points import ContactPointEvent, evolve_contact_points
from domain.customer.forgetting import ForgettingEvent, evolve_forgetting
from domain.customer.forgetting_request import ForgettingRequestEvent, evolve_forgetting_requests
from domain.customer.life import LifeEvent, evolve_life
from domain.customer.plan_change import PlanChangeEvent, evolve_plan_change
from domain.customer.profile import ProfileEvent, evolve_profile
from domain.customer.purchase import PurchaseEvent, evolve_purchase
from domain.customer.state import Customer
from domain.customer.subscription import SubscriptionEvent, evolve_subscription
from domain.customer.survey import SurveyEvent, evolve_survey
from domain.customer.ties import TieEvent, evolve_ties
from domain.field_value import CustomFieldRecorded, with_value
from domain.undo import EventsUndone
from domain.work import WorkEvent, worked

CustomerEvent: TypeAlias = (
    ProfileEvent
    | ForgettingEvent
    | ForgettingRequestEvent
    | ContactPointEvent
    | ContactPersonEvent
    | TieEvent
    | LifeEvent
    | PurchaseEvent
    | SubscriptionEvent
    | PlanChangeEvent
    | CancellationEvent
    | ConsentEvent
    | CampaignMessageEvent
    | SurveyEvent
    | CustomFieldRecorded
    | WorkEvent
    | EventsUndone
)


def evolve(customer: Customer | None, event: CustomerEvent) -> Customer:
    """The customer after the event, whatever was recorded before: facts are not judged here."""
    customer = customer or Customer()
    if isinstance(event, WorkEvent):
        return replace(customer, work=worked(customer.work, event))
    if isinstance(event, ProfileEvent):
        return evolve_profile(customer, event)
    if isinstance(event, ForgettingEvent):
        return evolve_forgetting(customer, event)
    if isinstance(event, ForgettingRequestEvent):
        return evolve_forgetting_requests(customer, event)
    if isinstance(event, ContactPointEvent):
        return evolve_contact_points(customer, event)
    if isinstance(event, ContactPersonEvent):
        return evolve_contact_persons(customer, event)
    if isinstance(event, TieEvent):
        return evolve_ties(customer, event)
    if isinstance(event, LifeEvent):
        return evolve_life(customer, event)
    if isinstance(event, PurchaseEvent):
        return evolve_purchase(customer, event)
    if isinstance(event, SubscriptionEvent):
        return evolve_subscription(customer, event)
    if isinstance(event, PlanChangeEvent):
        return evolve_plan_change(customer, event)
    if isinstance(event, CancellationEvent):
        return evolve_cancellation(customer, event)
    if isinstance(event, ConsentEvent):
        return evolve_consent(customer, event)
    if isinstance(event, CampaignMessageEvent):
        return evolve_campaign_messages(customer, event)
    if isinstance(event, SurveyEvent):
        return evolve_survey(customer, event)
    match event:
        case CustomFieldRecorded():
            return replace(customer, custom_fields=with_value(customer.custom_fields, event))
        case EventsUndone():
            return customer
        case _:
            assert_never(event)
