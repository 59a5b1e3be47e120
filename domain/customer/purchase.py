"""What a customer buys once: purchases and what she gets back of them."""

from dataclasses import replace
from decimal import Decimal
from typing import Annotated, ClassVar, TypeAlias, assert_never
from uuid import UUID

from pydantic import Field

from domain.customer.state import Customer, buying, must_be_in_use, must_not_be_forgotten, not_buying
from domain.customer.trade_state import Purchase
from domain.event import Command, Event, ExternalKey, Frozen, OptionalPersonalText, Refusal, Text, Word
from domain.money import Money, must_be_payable, must_be_price, sums, written
from domain.phrases import after, plain, said

Quantity = Annotated[Decimal, Field(gt=0, max_digits=20, decimal_places=6, allow_inf_nan=False)]


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

    def in_words(self) -> str:
        lines = ", ".join(
            f"{plain(line.quantity)} x {line.product_id}{after(' at ', line.unit_price)}" for line in self.lines
        )
        return f"Bought for {said(self.total)}{after(': ', lines or None)}"


class CustomerPurchaseRefunded(Event):
    """The customer got back all or some of what she paid."""

    is_fact: ClassVar[bool] = True
    part_field: ClassVar[str | None] = "purchase_id"

    purchase_id: UUID
    amount: Money
    reason: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"Refunded {said(self.amount)}{after(': ', self.reason)}"


class CustomerPurchaseRetracted(Event):
    """A purchase was recorded that was never made, or not by this customer."""

    is_fact: ClassVar[bool] = True
    part_field: ClassVar[str | None] = "purchase_id"

    purchase_id: UUID
    reason: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"Purchase retracted{after(': ', self.reason)}"


PurchaseEvent: TypeAlias = CustomerPurchaseRecorded | CustomerPurchaseRefunded | CustomerPurchaseRetracted


def evolve_purchase(customer: Customer, event: PurchaseEvent) -> Customer:
    """The customer after the event; nothing that is recorded later brings back what was retracted."""
    purchase = customer.trade.purchases.get(event.purchase_id, Purchase())
    match event:
        case CustomerPurchaseRecorded():
            return buying(_with_purchase(customer, event.purchase_id, replace(purchase, total=event.total)))
        case CustomerPurchaseRefunded():
            refunds = (*purchase.refunds, event.amount)
            return _with_purchase(customer, event.purchase_id, replace(purchase, refunds=refunds))
        case CustomerPurchaseRetracted():
            return not_buying(_with_purchase(customer, event.purchase_id, replace(purchase, is_retracted=True)))
        case _:
            assert_never(event)


class RecordPurchase(Command):
    """Record what the customer bought and what she pays for it."""

    purchase_id: UUID | None = None
    lines: tuple[PurchaseLine, ...] = ()
    total: Money
    external_id: ExternalKey | None = None


class RefundPurchase(Command):
    """Record what the customer got back of a purchase."""

    purchase_id: UUID
    amount: Money
    reason: Text | None = None


class RetractPurchase(Command):
    """Take back a purchase that was never made, or not by this customer."""

    purchase_id: UUID
    reason: Text | None = None


class PurchaseAlreadyRecorded(Refusal):
    """There is already a purchase {purchase_id} here. Leave out the id to record another."""


class PurchaseTotalNegative(Refusal):
    """A purchase cannot come to less than nothing. Record what the customer got back as a refund."""


class UnknownPurchase(Refusal):
    """There is no purchase {purchase_id} here. Check that it was recorded on this customer."""


class RefundNotPositive(Refusal):
    """A refund must be more than nothing. Give the amount that the customer got back, without a sign."""


class RefundInOtherCurrency(Refusal):
    """This purchase was paid in {currency}. Refund it in the same currency."""


class RefundExceedsPurchase(Refusal):
    """All refunds together would be more than the {total} that were paid. Check the amount."""


class PurchaseAlreadyRetracted(Refusal):
    """The purchase {purchase_id} was retracted. Record it anew if this customer did make it."""


def record_purchase(customer: Customer, command: RecordPurchase, new_id: UUID) -> CustomerPurchaseRecorded:
    """Under the command's own id, else under `new_id`; the first one makes a prospect active.

    Raises CustomerAlreadyForgotten, CustomerMerged, PurchaseAlreadyRecorded, PurchaseTotalNegative, UnknownCurrency,
    AmountNegative, AmountNotPayable.
    """
    must_be_in_use(customer)
    purchase_id = command.purchase_id or new_id
    if purchase_id in customer.trade.purchases:
        raise PurchaseAlreadyRecorded(purchase_id=purchase_id)
    if command.total.amount < 0:
        raise PurchaseTotalNegative()
    must_be_payable(command.total)
    for line in command.lines:
        if line.unit_price:
            must_be_price(line.unit_price)
    return CustomerPurchaseRecorded(
        purchase_id=purchase_id, lines=command.lines, total=command.total, external_id=command.external_id
    )


def refund_purchase(customer: Customer, command: RefundPurchase) -> CustomerPurchaseRefunded:
    """In one go or in parts, never more than was paid.

    Raises CustomerAlreadyForgotten, UnknownPurchase, PurchaseAlreadyRetracted, RefundNotPositive,
    RefundInOtherCurrency, AmountNotPayable, RefundExceedsPurchase.
    """
    purchase = standing_purchase(customer, command.purchase_id)
    if purchase.total is None:
        raise UnknownPurchase(purchase_id=command.purchase_id)
    total, amount = purchase.total, command.amount
    if amount.amount <= 0:
        raise RefundNotPositive()
    if amount.currency != total.currency:
        raise RefundInOtherCurrency(currency=total.currency)
    must_be_payable(amount)
    if sums((*purchase.refunds, amount))[total.currency] > total.amount:
        raise RefundExceedsPurchase(total=written(total))
    return CustomerPurchaseRefunded(purchase_id=command.purchase_id, amount=amount, reason=command.reason)


def retract_purchase(customer: Customer, command: RetractPurchase) -> CustomerPurchaseRetracted:
    """With its refunds; raises CustomerAlreadyForgotten, UnknownPurchase, PurchaseAlreadyRetracted."""
    standing_purchase(customer, command.purchase_id)
    return CustomerPurchaseRetracted(purchase_id=command.purchase_id, reason=command.reason)


def standing_purchase(customer: Customer, purchase_id: UUID) -> Purchase:
    """Also on a customer who was merged; raises CustomerAlreadyForgotten, UnknownPurchase, PurchaseAlreadyRetracted."""
    must_not_be_forgotten(customer)
    purchase = customer.trade.purchases.get(purchase_id)
    if purchase is None:
        raise UnknownPurchase(purchase_id=purchase_id)
    if purchase.is_retracted:
        raise PurchaseAlreadyRetracted(purchase_id=purchase_id)
    return purchase


def _with_purchase(customer: Customer, purchase_id: UUID, purchase: Purchase) -> Customer:
    purchases = customer.trade.purchases.with_entry(purchase_id, purchase)
    return replace(customer, trade=replace(customer.trade, purchases=purchases))
