"""Purchases from a file: recorded once, told again where the file says otherwise, refunds beside them."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from api.imports import appending
from domain.customer import (
    CustomerPurchaseRecorded,
    CustomerPurchaseRefunded,
    CustomerPurchaseRetracted,
    CustomerRegistered,
    PurchaseLine,
)
from domain.money import Money
from tests.api.importing import House, counts, house, refused

__all__ = ["house"]

MAPPING = """
[fields]
external_id = "order"
customer = "who"
purchased_at = "day"
total = "paid"
currency = "money"
product = "what"
quantity = "pieces"
unit_price = "each"
refunded = "back"
refunded_at = "back_on"
"""
HEADER = "order,who,day,paid,money,what,pieces,each,back,back_on"
CHAIR = "A1,Hill Bakery,2026-01-05,30.00,EUR,chair,2,15.00,,"
TABLE = "A2,Hill Bakery,2026-01-04,80.00,EUR,table,,,,"


def euros(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="EUR")


def test_rows_become_purchases_of_one_customer(house: House) -> None:
    report = house.take_in("purchases", MAPPING, HEADER, CHAIR, TABLE)
    assert counts(report) == (2, 0, 0, 0)
    registered, chair, table = house.history(house.id_of("customer", "Hill Bakery"))
    assert registered.event == CustomerRegistered(kind="organisation", name="Hill Bakery")
    assert chair.event == CustomerPurchaseRecorded(
        purchase_id=house.id_of("purchase", "A1"),
        total=euros("30"),
        lines=(PurchaseLine(product_id="chair", quantity=Decimal(2), unit_price=euros("15")),),
        external_id="A1",
    )
    assert chair.occurred_at == datetime(2026, 1, 5, tzinfo=UTC)
    assert table.occurred_at == datetime(2026, 1, 4, tzinfo=UTC)
    assert counts(house.take_in("purchases", MAPPING, HEADER, CHAIR, TABLE)) == (0, 0, 2, 0)


def test_what_the_file_says_otherwise_is_told_again_and_counts(house: House) -> None:
    house.take_in("purchases", MAPPING, HEADER, CHAIR, TABLE)
    newer = CHAIR.replace("30.00", "28.00").replace("2026-01-05", "2026-01-06")
    assert counts(house.take_in("purchases", MAPPING, HEADER, newer, TABLE)) == (0, 1, 1, 0)
    bought = house.rows("SELECT total, purchased_at FROM purchase ORDER BY total")
    assert [row["total"] for row in bought] == [28, 80]
    assert bought[0]["purchased_at"] == datetime(2026, 1, 6, tzinfo=UTC)


def test_refunds_stand_in_their_own_column_or_are_negative(house: House) -> None:
    house.take_in("purchases", MAPPING, HEADER, CHAIR)
    back = CHAIR.removesuffix(",,") + ",10.00,2026-02-01"
    report = house.take_in("purchases", MAPPING, HEADER, back, "A3,Hill Bakery,2026-02-02,-5.00,EUR,,,,,")
    assert counts(report) == (1, 1, 0, 0)
    assert report.flagged == {"refund_without_purchase": 1}
    assert counts(house.take_in("purchases", MAPPING, HEADER, back)) == (0, 0, 1, 0)
    more = back.replace("10.00", "12.00")
    assert counts(house.take_in("purchases", MAPPING, HEADER, more)) == (0, 1, 0, 0)
    events = house.events(house.id_of("customer", "Hill Bakery"))
    assert [event.amount for event in events if isinstance(event, CustomerPurchaseRefunded)] == [
        euros("10"),
        euros("5"),
        euros("2"),
    ]
    assert house.rows("SELECT sum(net) AS net FROM purchase")[0]["net"] == Decimal("13")


def test_what_our_rules_refuse_is_recorded_and_flagged(house: House) -> None:
    odd = ("A1,Hill,2026-01-05,30.005,EUR,,,,,", "A2,Hill,,10.00,EUR,,,,20.00,2026-01-06")
    report = house.take_in("purchases", MAPPING, HEADER, *odd)
    assert counts(report) == (2, 0, 0, 0)
    assert report.flagged == {"against_our_rules": 2, "no_purchase_date": 1}
    assert counts(house.take_in("purchases", MAPPING, HEADER, *odd)) == (0, 0, 2, 0)


def test_a_purchase_that_people_retracted_stays_so(house: House) -> None:
    house.take_in("purchases", MAPPING, HEADER, CHAIR)
    hill = house.id_of("customer", "Hill Bakery")
    house.add("customer", hill, CustomerPurchaseRetracted(purchase_id=house.id_of("purchase", "A1")))
    assert counts(house.take_in("purchases", MAPPING, HEADER, CHAIR.replace("30.00", "31.00"))) == (0, 0, 1, 0)


def test_an_import_moves_no_purchase_to_another_customer(house: House) -> None:
    house.take_in("purchases", MAPPING, HEADER, CHAIR, TABLE)
    report = house.take_in("purchases", MAPPING, HEADER, CHAIR.replace("Hill Bakery", "Brook"), TABLE)
    assert counts(report) == (0, 0, 1, 1)
    assert "purchase is on record with another customer" in refused(report)[0][1]
    assert house.events(house.id_of("customer", "Brook")) == []


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (CHAIR.replace("Hill Bakery", ""), "The row does not say whose it is."),
        (CHAIR.replace("30.00", ""), "There is no total."),
        (CHAIR.replace("EUR", "XYZ"), "There is no currency XYZ."),
        (CHAIR.replace("EUR", ""), "There is an amount without a currency."),
        (CHAIR.replace(",2,", ",0,"), "quantity cannot be recorded"),
        (CHAIR.replace("2026-01-05", "2999-01-05"), "which lies in the future"),
        (CHAIR.replace("A1", ""), "There is no external id in column order."),
    ],
)
def test_a_row_that_cannot_be_read_is_refused_and_the_others_go_in(house: House, row: str, reason: str) -> None:
    report = house.take_in("purchases", MAPPING, HEADER, row, TABLE)
    assert counts(report) == (1, 0, 0, 1)
    assert reason in refused(report)[0][1]


def test_an_import_that_is_undone_leaves_all_as_it_was(house: House) -> None:
    house.take_in("purchases", MAPPING, HEADER, TABLE)
    before = house.known()
    report = house.take_in("purchases", MAPPING, HEADER, CHAIR, TABLE.replace("80.00", "81.00"))
    assert counts(report) == (1, 1, 0, 0)
    assert house.undo(report)
    assert house.known() == before
    assert counts(house.take_in("purchases", MAPPING, HEADER, CHAIR)) == (1, 0, 0, 0)


def test_of_many_purchases_those_go_that_nobody_built_upon(house: House) -> None:
    report = house.take_in("purchases", MAPPING, HEADER, CHAIR, TABLE)
    refund = CustomerPurchaseRefunded(purchase_id=house.id_of("purchase", "A1"), amount=euros("1"))
    hill = house.id_of("customer", "Hill Bakery")
    house.add("customer", hill, refund)
    assert not house.undo(report)
    left = [event.purchase_id for event in house.events(hill) if isinstance(event, CustomerPurchaseRecorded)]
    assert left == [house.id_of("purchase", "A1")]


def test_a_refused_row_keeps_its_number_among_those_alike(house: House) -> None:
    mapping = MAPPING.replace('external_id = "order"', 'external_id = { templates = ["{who} {day}"], numbered = true }')
    rows = [CHAIR, CHAIR.replace("30.00", "much"), CHAIR.replace("30.00", "20.00")]
    assert counts(house.take_in("purchases", mapping, HEADER, *rows)) == (2, 0, 0, 1)
    mended = [rows[0], rows[1].replace("much", "25.00"), rows[2]]
    assert counts(house.take_in("purchases", mapping, HEADER, *mended)) == (1, 0, 2, 0)
    totals = house.rows("SELECT total FROM purchase ORDER BY total")
    assert [row["total"] for row in totals] == [20, 25, 30]


def test_more_than_one_append_takes_goes_into_several(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(appending, "LARGEST", 3)
    rows = [CHAIR.replace("A1", f"A{number}") for number in range(9)]
    assert counts(house.take_in("purchases", MAPPING, HEADER, *rows)) == (9, 0, 0, 0)
    assert counts(house.take_in("purchases", MAPPING, HEADER, *rows)) == (0, 0, 9, 0)


@pytest.mark.full
def test_a_published_file_of_purchases_goes_in_whole(house: House, oracle_data: Path) -> None:
    file = oracle_data / "cdnow_sample" / "CDNOW_sample.txt"
    mapping = Path("docs/examples/cdnow_purchases.toml")
    assert counts(house.take_in_file("purchases", file, mapping)) == (6_919, 0, 0, 0)
    totals = "SELECT count(*) AS rows, count(DISTINCT customer_id) AS customers, sum(total) AS dollars FROM purchase"
    (found,) = house.rows(totals)
    assert (found["rows"], found["customers"], found["dollars"]) == (6_919, 2_357, Decimal("244091.94"))
    again = house.take_in_file("purchases", file, mapping, dry_run=True)
    assert counts(again) == (0, 0, 6_919, 0)
