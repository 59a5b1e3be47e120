"""What a row of a foreign file says of a purchase, and what must be recorded for that to be so."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from domain.customer.history import CustomerEvent, evolve
from domain.customer.purchase import (
    CustomerPurchaseRecorded,
    CustomerPurchaseRefunded,
    PurchaseLine,
    RecordPurchase,
    RefundPurchase,
    record_purchase,
    refund_purchase,
)
from domain.customer.state import Customer
from domain.event import ExternalKey, Frozen, Moment, Refusal
from domain.imported import AGAINST_OUR_RULES, ImportedFact, Past
from domain.money import Money

NO_PURCHASE_DATE = "no_purchase_date"
REFUND_ALONE = "refund_without_purchase"


class ImportedPurchase(Frozen):
    """A purchase as the row has it; without a total, only what she got back is known. What is None it does not say."""

    total: Money | None = None
    lines: tuple[PurchaseLine, ...] = ()
    purchased_at: Moment | None = None
    refunded: Money | None = None
    refunded_at: Moment | None = None
    external_id: ExternalKey | None = None


def reconcile(
    past: Sequence[Past], purchase_id: UUID, wanted: ImportedPurchase, imported_at: datetime
) -> list[ImportedFact]:
    """What must be recorded for the purchase to be what the row says, after what is on record of it; perhaps nothing.

    Another total, other lines or another moment than the file said before are recorded again: the last record counts.
    What she got back is recorded as far as the file says more than before. Nothing is taken of a row about a purchase
    that was retracted here. What our rules refuse is recorded and flagged.
    """
    customer = Customer()
    for one in past:
        assert isinstance(one.event, CustomerEvent)
        customer = evolve(customer, one.event)
    purchase = customer.trade.purchases.get(purchase_id)
    if purchase is not None and purchase.is_retracted:
        return []
    facts = list(_recorded(past, customer, purchase_id, wanted, imported_at))
    at = facts[0].occurred_at if facts else max([imported_at, *(one.occurred_at for one in past)])
    for fact in facts:
        assert isinstance(fact.event, CustomerEvent)
        customer = evolve(customer, fact.event)
    return [*facts, *_refunded(past, customer, purchase_id, wanted, wanted.refunded_at or at)]


def _recorded(
    past: Sequence[Past], customer: Customer, purchase_id: UUID, wanted: ImportedPurchase, imported_at: datetime
) -> Iterator[ImportedFact]:
    if wanted.total is None:
        return
    event = CustomerPurchaseRecorded(
        purchase_id=purchase_id, total=wanted.total, lines=wanted.lines, external_id=wanted.external_id
    )
    before = [one for one in past if one.by_import and isinstance(one.event, CustomerPurchaseRecorded)]
    if before:
        at = wanted.purchased_at or before[-1].occurred_at
        if (before[-1].event, before[-1].occurred_at) != (event, at):
            yield ImportedFact(event, at)
        return
    command = RecordPurchase(purchase_id=purchase_id, total=wanted.total, lines=wanted.lines)
    flags = () if wanted.purchased_at else (NO_PURCHASE_DATE,)
    try:
        record_purchase(customer, command, purchase_id)
    except Refusal:
        flags = (*flags, AGAINST_OUR_RULES)
    yield ImportedFact(event, wanted.purchased_at or imported_at, flags)


def _refunded(
    past: Sequence[Past], customer: Customer, purchase_id: UUID, wanted: ImportedPurchase, at: datetime
) -> Iterator[ImportedFact]:
    if wanted.refunded is None:
        return
    currency = wanted.refunded.currency
    refunds = (one.event for one in past if one.by_import and isinstance(one.event, CustomerPurchaseRefunded))
    amount = wanted.refunded.amount - sum(event.amount.amount for event in refunds if event.amount.currency == currency)
    if amount <= 0:
        return
    money = Money(amount=amount, currency=currency)
    event = CustomerPurchaseRefunded(purchase_id=purchase_id, amount=money)
    try:
        refund_purchase(customer, RefundPurchase(purchase_id=purchase_id, amount=money))
        flags: tuple[str, ...] = ()
    except Refusal:
        flags = (AGAINST_OUR_RULES,) if wanted.total else (REFUND_ALONE,)
    yield ImportedFact(event, at, flags)
