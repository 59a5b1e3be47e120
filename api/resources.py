"""What the API answers with."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, TypeAlias, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    """A page of a list, and the cursor of the next one."""

    data: list[Item]
    has_more: bool
    next_cursor: str | None


class LeadResource(BaseModel):
    """A lead as it is known at `position`; `version` is also its ETag. Amounts are exact decimals, as text."""

    lead_id: UUID
    customer_id: UUID
    version: int
    position: int
    status: str
    title: str | None
    source: str | None
    campaign_id: UUID | None
    form: dict[str, str] | None
    inbound: bool | None
    external_ids: dict[str, str] | None
    pipeline: str | None
    stage: str | None
    probability: Decimal | None
    forecast_category: str | None
    owner_id: UUID | None
    team: str | None
    amount: Decimal | None
    currency: str | None
    product_ids: list[str]
    expected_close: date | None
    recycled_until: date | None
    received_at: datetime | None
    captured_at: datetime
    contacted_at: datetime | None
    qualified_at: datetime | None
    closed_at: datetime | None
    converted_at: datetime | None
    merged_into: UUID | None
    lost_reason: str | None
    competitor: str | None
    custom_fields: dict[str, Any] = {}  # Any: as each field is defined
    open_follow_ups: int
    last_event_at: datetime
    flags: list[str]
    created_id: UUID | None = None
    """Of the interaction, follow-up or merge that the command made whose answer this is."""


class TicketResource(BaseModel):
    """A ticket as it is known at `position`; `version` is also its ETag. `sla_due_at` is of the target that is due
    next."""

    ticket_id: UUID
    customer_id: UUID
    version: int
    position: int
    status: str
    status_since: datetime
    is_spam: bool
    subject: str | None
    channel: str | None
    inbound: bool | None
    person_id: UUID | None
    follows: UUID | None
    external_ids: dict[str, str] | None
    priority: str
    category: str | None
    assignee_id: UUID | None
    team: str | None
    level: int
    awaits: str | None
    awaits_since: datetime | None
    waiting_for: str | None
    opened_at: datetime
    first_replied_at: datetime | None
    agent_replies: int
    customer_replies: int
    first_solved_at: datetime | None
    solved_at: datetime | None
    resolution: str | None
    reopened_at: datetime | None
    reopenings: int
    closed_at: datetime | None
    csat: int | None
    csat_comment: str | None
    rated_at: datetime | None
    sla_policy: str | None
    sla_policy_version: int | None
    sla_target: str | None
    sla_due_at: datetime | None
    merged_into: UUID | None
    custom_fields: dict[str, Any]  # Any: as each field is defined
    open_follow_ups: int
    last_event_at: datetime
    flags: list[str]
    created_id: UUID | None = None
    """Of the interaction or follow-up that the command made whose answer this is."""


class CampaignResource(BaseModel):
    """A campaign as it is known at `position`; `version` is also its ETag. What was spent is by currency."""

    campaign_id: UUID
    version: int
    position: int
    status: str
    name: str | None
    kind: str | None
    owner_id: UUID | None
    starts_on: date | None
    ends_on: date | None
    budget: Decimal | None
    currency: str | None
    spent: dict[str, Decimal]
    planned_at: datetime | None
    launched_at: datetime | None
    ended_at: datetime | None
    end_reason: str | None


class ContactPointResource(BaseModel):
    """A way to reach a customer, or one of her contact persons. Values that were forgotten are null."""

    point_id: UUID
    kind: str
    written: str | None
    normalised: str | None
    label: str | None
    is_primary: bool
    person_id: UUID | None
    added_at: datetime


class ContactPersonResource(BaseModel):
    """Somebody who speaks for a customer."""

    person_id: UUID
    name: str | None
    role: str | None
    valid_from: date | None
    valid_to: date | None
    added_at: datetime
    removed_at: datetime | None


class DuplicateResource(BaseModel):
    """Two customers who may be one. The score lies between 0 and 1; the reasons are for people."""

    customer_id: UUID
    name: str | None
    status: str
    other_id: UUID
    other_name: str | None
    other_status: str
    score: float
    reasons: list[str]


class RelationResource(BaseModel):
    """What a customer is to another one."""

    other_id: UUID
    kind: str
    valid_from: date | None
    valid_to: date | None
    ended_at: datetime | None


class SubscriptionResource(BaseModel):
    """What a customer pays for regularly; `mrr` is what that brings in a month."""

    subscription_id: UUID
    status: str
    plan: str | None
    mrr: Decimal | None
    currency: str | None
    started_on: date | None
    renews_on: date | None
    ends_on: date | None
    ended_on: date | None


class CustomerResource(BaseModel):
    """A customer with all who were merged into her. Sums of money are by currency."""

    customer_id: UUID
    kind: str | None
    name: str | None
    status: str
    status_since: datetime | None
    since: datetime | None
    source: str | None
    owner_id: UUID | None
    team: str | None
    segment: str | None
    industry: str | None
    size: str | None
    tier: str | None
    external_ids: dict[str, str] | None
    tags: list[str]
    custom_fields: dict[str, Any]  # Any: as each field is defined
    email: str | None
    phone: str | None
    consents: dict[str, dict[str, bool]]
    unsubscribed: list[str]
    open_leads: int
    open_tickets: int
    open_follow_ups: int
    next_due_at: datetime | None
    interactions: int
    last_interaction_at: datetime | None
    purchases: int
    last_purchase_at: datetime | None
    mrr: dict[str, Decimal]
    purchased: dict[str, Decimal]
    nps_score: int | None
    csat_score: int | None
    ces_score: int | None
    contact_points: list[ContactPointResource]
    people: list[ContactPersonResource]
    relations: list[RelationResource]
    subscriptions: list[SubscriptionResource]


class ChangedCustomer(CustomerResource):
    """A customer as a command left her. `version` is that of her own history, and also the ETag."""

    version: int
    position: int
    created_id: UUID | None = None
    """Of the interaction, contact point, purchase or the like that the command made whose answer this is."""


class CommandResult(BaseModel):
    """What a command did to a record: the version it has now, which is also its ETag, and the position up to which the
    log tells of it. A merge is reverted by its `merge_id`; `created_id` is of what the command made."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "stream_type": "customer",
                "stream_id": "0b3f3f0e-2f5e-8a55-8d0a-7a0f3b1c2d3e",
                "version": 4,
                "position": 4711,
                "merge_id": "6f0d1c9e-6a53-8f0e-9a49-0d0e5a3f2b11",
                "created_id": "6f0d1c9e-6a53-8f0e-9a49-0d0e5a3f2b11",
            }
        }
    )

    stream_type: str
    stream_id: UUID
    version: int
    position: int
    merge_id: UUID | None = None
    created_id: UUID | None = None


class ForgettingResult(CommandResult):
    """Who was forgotten, and what that took. `left` says what is still to be done, each with whom or what it takes:
    the same request once more, with the same Idempotency-Key, tries again."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "stream_type": "customer",
                "stream_id": "0b3f3f0e-2f5e-8a55-8d0a-7a0f3b1c2d3e",
                "version": 9,
                "position": 4712,
                "merge_id": None,
                "created_id": None,
                "customer_ids": ["0b3f3f0e-2f5e-8a55-8d0a-7a0f3b1c2d3e"],
                "person_id": None,
                "error_rows": 0,
                "steps": ["write log.personal_data anew", "turn the write-ahead log over"],
                "left": [],
            }
        }
    )

    customer_ids: list[UUID]
    """The customer and those who were merged with her."""
    person_id: UUID | None = None
    error_rows: int
    """Of files of refused rows that imports left, how many named her and were removed."""
    steps: list[str]
    left: list[str]


LeadAnswer: TypeAlias = LeadResource | CommandResult
"""What a command on a lead answers with: the lead, for a key that may read leads, else only what was done."""


Answered: TypeAlias = LeadResource | ChangedCustomer | TicketResource | CommandResult
"""What a command answers with: all have the version that is the ETag."""


class EventResource(BaseModel):
    """An event of the log. `personal` is null where nothing personal was given, and its values read
    `{"forgotten": true}` where the person was forgotten."""

    position: int
    event_id: UUID
    type: str
    customer_id: UUID
    stream_type: str
    stream_id: UUID
    version: int
    data: dict[str, Any]  # Any: JSON, as documented per event type
    personal: dict[str, Any] | None
    actor: dict[str, str]
    command_id: UUID | None
    correlation_id: UUID | None
    metadata: dict[str, Any]
    occurred_at: datetime
    recorded_at: datetime


class PastResource(EventResource):
    """An event in the history of its record. What was undone does not count any more."""

    undone: bool


class EventPage(Page[EventResource]):
    """A page of the log. `next_cursor` also stands when there is no more yet: ask again with it later."""

    epoch: UUID
