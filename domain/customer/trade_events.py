"""What a customer buys: purchases with their refunds, and subscriptions from start to end."""

from datetime import date
from decimal import Decimal
from typing import Annotated, ClassVar, TypeAlias
from uuid import UUID

from pydantic import Field

from domain.event import Event, Frozen, OptionalPersonalText, Word
from domain.money import Money

Quantity = Annotated[Decimal, Field(gt=0, max_digits=20, decimal_places=6, allow_inf_nan=False)]

Months = Annotated[int, Field(ge=0, le=1200)]
"""How long a subscription runs before it has to be renewed."""


class PurchaseLine(Frozen):
    """So many of a product, at that price each if it is known."""

    product_id: Word
    quantity: Quantity = Decimal(1)
    unit_price: Money | None = None


class CustomerPurchaseRecorded(Event):
    """The customer bought something once; the total is what she pays, also where the lines say otherwise."""

    is_fact: ClassVar[bool] = True
    part_field: ClassVar[str | None] = "purchase_id"

    purchase_id: UUID
    lines: tuple[PurchaseLine, ...] = ()
    total: Money
    external_id: OptionalPersonalText = None


class CustomerPurchaseRefunded(Event):
    """The customer got back all or some of what she paid."""

    is_fact: ClassVar[bool] = True
    part_field: ClassVar[str | None] = "purchase_id"

    purchase_id: UUID
    amount: Money
    reason: OptionalPersonalText = None


class SubscriptionRecord(Event):
    """What is recorded of any change of a subscription: which one, and the day from which on it holds."""

    part_field: ClassVar[str | None] = "subscription_id"

    subscription_id: UUID
    effective_on: date


class CustomerSubscriptionStarted(SubscriptionRecord):
    """The customer pays regularly from now on; MRR is what that comes to in a month."""

    plan: Word
    mrr: Money
    term_months: Months | None = None


class CustomerSubscriptionUpgraded(SubscriptionRecord):
    """The subscription brings more a month than before."""

    plan: Word | None = None
    mrr: Money
    from_mrr: Money | None = None


class CustomerSubscriptionDowngraded(SubscriptionRecord):
    """The subscription brings less a month than before."""

    plan: Word | None = None
    mrr: Money
    from_mrr: Money | None = None


class CustomerSubscriptionPaused(SubscriptionRecord):
    """The customer neither pays nor gets anything until the subscription is resumed."""

    until: date | None = None
    reason: OptionalPersonalText = None


class CustomerSubscriptionResumed(SubscriptionRecord):
    """The paused subscription goes on as it was."""


class CustomerSubscriptionRenewed(SubscriptionRecord):
    """The subscription goes on for another term; if it was to end, it does not any more."""

    term_months: Months | None = None


class CustomerSubscriptionCancellationScheduled(SubscriptionRecord):
    """The subscription will end on that day; until then all is as it was."""

    voluntary: bool = True
    reason: OptionalPersonalText = None


class CustomerSubscriptionCancelled(SubscriptionRecord):
    """The subscription has ended: the customer wanted it so, or did not pay and the like."""

    voluntary: bool = True
    reason: OptionalPersonalText = None


class CustomerPurchaseRetracted(Event):
    """A purchase was recorded that was never made, or not by this customer."""

    is_fact: ClassVar[bool] = True
    part_field: ClassVar[str | None] = "purchase_id"

    purchase_id: UUID
    reason: OptionalPersonalText = None


class CustomerSubscriptionRetracted(Event):
    """A subscription was recorded that never was, or not of this customer; no day of it counts."""

    part_field: ClassVar[str | None] = "subscription_id"

    subscription_id: UUID
    reason: OptionalPersonalText = None


PurchaseEvent: TypeAlias = CustomerPurchaseRecorded | CustomerPurchaseRefunded

SubscriptionEvent: TypeAlias = (
    CustomerSubscriptionStarted
    | CustomerSubscriptionUpgraded
    | CustomerSubscriptionDowngraded
    | CustomerSubscriptionPaused
    | CustomerSubscriptionResumed
    | CustomerSubscriptionRenewed
    | CustomerSubscriptionCancellationScheduled
    | CustomerSubscriptionCancelled
)

TradeRetraction: TypeAlias = CustomerPurchaseRetracted | CustomerSubscriptionRetracted
