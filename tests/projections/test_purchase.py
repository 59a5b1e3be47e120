"""One row per purchase that stands: what was paid, what was given back, and what is left of it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.customer import (
    Customer,
    CustomerEvent,
    CustomerPurchaseRecorded,
    CustomerPurchaseRefunded,
    CustomerPurchaseRetracted,
    PurchaseLine,
    evolve,
)
from domain.event import FORGOTTEN
from domain.money import Money, sums
from eventstore.database import Connection
from tests.domain.histories import examples_of
from tests.projections.customer_facts import merge, revert
from tests.projections.records import all_rows, forget, tell, values

DAY = datetime(2026, 3, 1, tzinfo=UTC)
P, Q = uuid4(), uuid4()


def money(amount: str, currency: str = "EUR") -> Money:
    return Money(amount=Decimal(amount), currency=currency)


def test_a_purchase_shows_what_is_left_after_its_refunds(connection: Connection) -> None:
    ann = uuid4()
    lines = (PurchaseLine(product_id="desk", quantity=Decimal(2), unit_price=money("60")),)
    recorded = CustomerPurchaseRecorded(purchase_id=P, lines=lines, total=money("100.50"), external_id="A-1")
    refunds = [CustomerPurchaseRefunded(purchase_id=P, amount=money(amount)) for amount in ("20.25", "0.05")]
    at = [DAY + timedelta(days=number) for number in range(3)]
    first, *others = tell(connection, ann, recorded, *refunds, at=at)
    (row,) = all_rows(connection, "purchase")
    assert (row["purchase_id"], row["customer_id"], row["currency"]) == (P, ann, "EUR")
    assert (row["total"], row["refunded"], row["net"]) == (Decimal("100.50"), Decimal("20.30"), Decimal("80.20"))
    assert (row["purchased_at"], row["refunded_at"]) == (DAY, DAY + timedelta(days=2))
    each = zip(row["refund_amounts"], row["refund_moments"], row["refund_positions"], strict=True)
    assert list(each) == [(Decimal("20.25"), at[1], others[0]), (Decimal("0.05"), at[2], others[1])]
    assert (row["record_position"], row["position"]) == (first, others[1])
    (line,) = row["lines"]
    assert PurchaseLine.model_validate(line) == lines[0]
    assert row["external_id"] == "A-1"


def test_a_purchase_without_refunds_was_refunded_nothing(connection: Connection) -> None:
    tell(connection, uuid4(), CustomerPurchaseRecorded(purchase_id=P, total=money("7")))
    assert values(connection, "purchase", "total", "refunded", "net", "refunded_at", "refund_amounts") == [
        (Decimal(7), Decimal(0), Decimal(7), None, [])
    ]


def test_of_a_purchase_that_was_recorded_twice_the_last_record_counts(connection: Connection) -> None:
    twice = [CustomerPurchaseRecorded(purchase_id=P, total=money(amount)) for amount in ("7", "8")]
    tell(connection, uuid4(), *twice, at=[DAY, DAY + timedelta(days=1)])
    found = values(connection, "purchase", "total", "purchased_at")
    assert found == [(8, DAY + timedelta(days=1))]


def test_a_retracted_purchase_and_its_refunds_are_gone_for_good(connection: Connection) -> None:
    recorded = CustomerPurchaseRecorded(purchase_id=P, total=money("7"))
    refunded = CustomerPurchaseRefunded(purchase_id=P, amount=money("7"))
    tell(connection, uuid4(), recorded, refunded, CustomerPurchaseRetracted(purchase_id=P), refunded, recorded)
    assert all_rows(connection, "purchase") == []


def test_an_imported_refund_counts_in_its_own_currency_also_without_its_purchase(connection: Connection) -> None:
    tell(
        connection,
        uuid4(),
        CustomerPurchaseRecorded(purchase_id=P, total=money("10")),
        CustomerPurchaseRefunded(purchase_id=P, amount=money("3", "USD")),
    )
    tell(connection, uuid4(), CustomerPurchaseRefunded(purchase_id=Q, amount=money("2")))
    found = values(connection, "purchase", "purchase_id", "currency", "total", "net", order="net DESC")
    assert found == [(P, "EUR", 10, 10), (Q, "EUR", None, -2), (P, "USD", None, -3)]


def test_what_is_forgotten_is_gone_and_the_money_stays(connection: Connection) -> None:
    ann = uuid4()
    tell(connection, ann, CustomerPurchaseRecorded(purchase_id=P, total=money("7"), external_id="ann@example.org"))
    assert values(connection, "purchase", "external_id") == [("ann@example.org",)]
    forget(connection, ann)
    assert values(connection, "purchase", "external_id", "net") == [(None, 7)]


def test_a_purchase_that_was_told_again_after_its_subject_was_forgotten_has_no_external_id(
    connection: Connection,
) -> None:
    tell(connection, uuid4(), CustomerPurchaseRecorded(purchase_id=P, total=money("7"), external_id=FORGOTTEN))
    assert values(connection, "purchase", "external_id") == [(None,)]


def test_the_purchases_of_a_merged_customer_are_the_survivors_until_the_merge_is_reverted(
    connection: Connection,
) -> None:
    ann, bob = uuid4(), uuid4()
    # an import may give both the same purchase
    tell(connection, ann, CustomerPurchaseRecorded(purchase_id=P, total=money("7")))
    tell(connection, bob, CustomerPurchaseRecorded(purchase_id=P, total=money("8")))
    before = values(connection, "purchase", "customer_id", "net", order="net")
    assert before == [(ann, 7), (bob, 8)]
    merge_id = merge(connection, ann, bob)
    assert values(connection, "purchase", "customer_id", "net", order="net") == [(bob, 7), (bob, 8)]
    revert(connection, merge_id, ann, bob)
    assert values(connection, "purchase", "customer_id", "net", order="net") == before


EVENTS = st.one_of(
    examples_of(CustomerPurchaseRecorded),
    examples_of(CustomerPurchaseRefunded),
    examples_of(CustomerPurchaseRetracted),
)


@for_all(events=st.lists(EVENTS, min_size=1, max_size=8))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_rows_and_the_rules_see_the_same_purchases(connection: Connection, events: list[CustomerEvent]) -> None:
    ann = uuid4()
    tell(connection, ann, *events)
    customer: Customer | None = None
    for event in events:
        customer = evolve(customer, event)
    assert customer is not None
    expected: dict[tuple[UUID, str], tuple[Decimal | None, Decimal]] = {}
    for purchase_id, purchase in customer.trade.purchases.items():
        if purchase.is_retracted:
            continue
        refunded = sums(purchase.refunds)
        paid = {purchase.total.currency: purchase.total.amount} if purchase.total else {}
        for currency in refunded.keys() | paid.keys():
            expected[purchase_id, currency] = (paid.get(currency), refunded.get(currency, Decimal()))
    found = {
        (row["purchase_id"], row["currency"]): (row["total"], row["refunded"])
        for row in all_rows(connection, "purchase")
        if row["customer_id"] == ann
    }
    assert found == expected
