"""What customers brought us so far, and what they will if things stay as they are."""

from collections.abc import Sequence
from datetime import datetime, time
from decimal import Decimal
from fractions import Fraction
from statistics import median
from uuid import UUID, uuid4

from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from api.kpis import KpiGroup, KpiResult, ask_as_of
from api.store import Store
from domain.customer import (
    CustomerEvent,
    CustomerPurchaseRecorded,
    CustomerPurchaseRefunded,
    CustomerPurchaseRetracted,
)
from domain.money import Money
from eventstore import log
from eventstore.database import Connection, connect
from projections.kpi import Question, counted_positions, kpis
from projections.sight import EVERYTHING
from replay.follow import catch_up
from tests.projections.customer_facts import day, merge, revert
from tests.projections.test_customer_base import GONE, Life, figure, left, lived, of_customer, of_segment

FIGURES = ("clv_historic", "clv_simple")


def money(amount: int | str, currency: str = "EUR") -> Money:
    return Money(amount=Decimal(amount), currency=currency)


def paid(amount: int | str, which: UUID | None = None, currency: str = "EUR") -> CustomerPurchaseRecorded:
    return CustomerPurchaseRecorded(purchase_id=which or uuid4(), total=money(amount, currency))


def back(amount: int | str, which: UUID, currency: str = "EUR") -> CustomerPurchaseRefunded:
    return CustomerPurchaseRefunded(purchase_id=which, amount=money(amount, currency))


def by_currency(result: KpiResult | KpiGroup | None) -> dict[str, dict[str, Decimal | None]]:
    found = result.details.get("by_currency", {}) if result else {}
    return {
        currency: {name: None if value is None else round(Decimal(str(value)), 8) for name, value in part.items()}
        for currency, part in found.items()
    }


# To date


def test_value_to_date_is_what_was_paid_less_what_was_given_back(connection: Connection) -> None:
    desk = uuid4()
    lived(connection, (0, paid(100, desk)), (5, paid("20.50")), (12, back(30, desk)), (15, back(10, desk)))
    lived(connection, (1, paid(40)))
    lived(connection)
    found = figure(connection, "clv_historic", None, 20)
    assert [found.value, found.numerator, found.denominator] == [Decimal("60.25"), Decimal("120.50"), 2]
    assert by_currency(found) == {
        "EUR": {"mean": Decimal("60.25"), "median": Decimal("60.25"), "sum": Decimal("120.50"), "customers": 2}
    }
    assert [figure(connection, "clv_historic", None, end).numerator for end in (1, 5, 12, 13)] == [
        100, 140, Decimal("160.50"), Decimal("130.50"),
    ], "a refund counts when it was made"  # fmt: skip
    assert figure(connection, "clv_historic", None, None, day(13)).numerator == Decimal("130.50")
    assert figure(connection, "clv_historic", 10, 20).value == -40, "also without its purchase"


def test_what_was_retracted_was_never_paid(connection: Connection) -> None:
    chair = uuid4()
    lived(connection, (0, paid(7, chair)), (1, back(2, chair)), (2, CustomerPurchaseRetracted(purchase_id=chair)))
    assert figure(connection, "clv_historic", None, None).value is None


def test_merged_customers_bring_the_sum_of_all(connection: Connection) -> None:
    ann, _ = lived(connection, (0, paid(10)))
    bob, _ = lived(connection, (0, paid(30)))
    merge_id = merge(connection, ann, bob)
    found = figure(connection, "clv_historic", None, None)
    assert [found.value, found.sample_size] == [40, 1]
    revert(connection, merge_id, ann, bob)
    assert [
        figure(connection, "clv_historic", None, None).value,
        figure(connection, "clv_historic", None, None).sample_size,
    ] == [20, 2]


def test_currencies_are_never_added_up(connection: Connection) -> None:
    lived(connection, (0, paid(10)), (0, paid(7, None, "USD")), (12, paid(5)), (12, left()))
    lived(connection, (0, paid(20)), (12, paid(3, None, "USD")))
    found = figure(connection, "clv_historic", None, None)
    assert [found.value, found.numerator] == [None, None]
    assert {name: part["mean"] for name, part in by_currency(found).items()} == {"EUR": Decimal("17.5"), "USD": 5}
    groups = figure(connection, "clv_historic", None, None, group_by="currency").groups or []
    assert [(group.group, group.value) for group in groups] == [("EUR", Decimal("17.5")), ("USD", 5)]
    simple = figure(connection, "clv_simple", 10, 20)
    assert simple.value is None
    assert {name: part["value"] for name, part in by_currency(simple).items()} == {"EUR": 5, "USD": 3}


# If things stay as they are


def test_simple_value_is_revenue_by_margin_over_churn(connection: Connection) -> None:
    lived(connection, (0, paid(1000)), (11, paid(60)))
    lived(connection, (0, paid(1000)), (12, left()))
    for _ in range(2):
        lived(connection, (0, paid(1000)))
    lived(connection, (11, paid(90)))
    found = figure(connection, "clv_simple", 10, 20)
    # 150 of five customers; one of the four of the start left
    assert [found.value, found.numerator, found.denominator] == [120, 150, 5]
    assert found.details["churn_rate"] == 0.25
    assert by_currency(found)["EUR"]["average"] == 30
    some = figure(connection, "clv_simple", 10, 20, margin="0.4")
    assert (some.value, some.params["margin"]) == (Decimal(48), "0.4")


def test_nobody_who_leaves_and_nobody_who_could_give_no_value(connection: Connection) -> None:
    lived(connection, (12, paid(10)), (13, left()))
    found = figure(connection, "clv_simple", 10, 20)
    assert [found.value, found.numerator] == [None, 10], "nobody was there at the start"
    lived(connection, (0, paid(5)), (11, paid(5)))
    found = figure(connection, "clv_simple", 5, 12)
    assert [found.value, found.details["churn_rate"], found.numerator] == [None, 0, 5]
    assert figure(connection, "clv_simple", 14, 20).numerator is None, "nothing was paid"


def test_without_anything_there_is_no_value(connection: Connection) -> None:
    lived(connection)
    assert [figure(connection, slug, None, None).value for slug in FIGURES] == [None, None]
    assert [figure(connection, slug).details for slug in FIGURES] == [{}, {}]


def test_a_figure_leads_on_to_the_events_behind_it(connection: Connection) -> None:
    desk = uuid4()
    _, (first, second, refund, gone) = lived(
        connection, (0, paid(10, desk)), (12, paid(7)), (13, back(3, desk)), (15, left())
    )
    figure(connection, "clv_historic", None, None)
    figure(connection, "clv_simple")
    question = Question(day(10), day(20), day(20), "UTC")
    found = {slug: counted_positions(connection, kpis()[slug], question, 0, 100, sight=EVERYTHING) for slug in FIGURES}
    assert found == {"clv_historic": [second, refund], "clv_simple": [first, second, refund, gone]}


def test_what_was_known_stays_whatever_is_recorded_later(store: Store) -> None:
    slugs = (*FIGURES, "survival_curve", "cohort_retention")
    first, end = day(10).date(), day(130).date()

    def details(as_of: datetime | None) -> list[object]:
        return [ask_as_of(store, kpis()[slug], "UTC", first, end, as_of, sight=EVERYTHING).details for slug in slugs]

    with connect(store.conninfo) as connection:
        ann, _ = lived(connection, (0, paid(10)), (20, paid(30)), (40, left()))
        bob, _ = lived(connection, (15, paid(5)), (50, paid(8)), (60, left()))
        lived(connection, (0, paid(10)))
        catch_up(connection)
        then = log.now(connection)
        known = details(then)
        assert known == details(None)
        merge(connection, ann, bob)
        lived(connection, (12, paid(99)), (13, left()))
        catch_up(connection)
    assert details(then) == known
    assert all(now != before for now, before in zip(details(None), known, strict=True))


# Both equal a fold over the events

DESK, CHAIR = UUID(int=7), UUID(int=8)
happening = st.one_of(
    st.builds(paid, st.integers(1, 9)),
    st.builds(paid, st.integers(1, 9), st.none(), st.just("USD")),
    st.builds(lambda amount: paid(amount, DESK), st.integers(5, 9)),
    st.builds(lambda amount: back(amount, DESK), st.integers(1, 4)),
    st.builds(lambda: CustomerPurchaseRetracted(purchase_id=CHAIR)),
    st.builds(lambda amount: paid(amount, CHAIR), st.integers(1, 9)),
    st.builds(left),
    st.just(GONE),
)


@for_all(
    histories=st.lists(st.lists(st.tuples(st.integers(0, 9), happening), max_size=6), min_size=3, max_size=3),
    are_merged=st.booleans(),
    first=st.none() | st.integers(0, 9),
    length=st.integers(1, 9),
    as_of=st.integers(-1, 10),
)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_both_figures_are_what_the_events_add_up_to(
    connection: Connection, histories: list[Life], are_merged: bool, first: int | None, length: int, as_of: int
) -> None:
    segment = uuid4().hex
    ids = [lived(connection, *life, segment=segment)[0] for life in histories]
    if are_merged:
        merge(connection, ids[0], ids[1])
    customers = [[histories[1], histories[0]], [histories[2]]] if are_merged else [[life] for life in histories]
    end = None if first is None else first + length
    days = [number for number in range(first or 0, 10) if number <= as_of and (end is None or number < end)]
    moment = datetime.combine(day(as_of).date(), time(12), day(0).tzinfo)
    found = {slug: of_segment(figure(connection, slug, first, end, moment, "segment"), segment) for slug in FIGURES}
    sums = [payments(lives, days) for lives in customers]
    currencies = {currency for one in sums for currency in one}
    amounts = {currency: [one[currency] for one in sums if currency in one] for currency in currencies}
    assert by_currency(found["clv_historic"]) == {
        currency: {
            "mean": rounded(Fraction(sum(each)) / len(each)),
            "median": rounded(Fraction(median(each))),
            "sum": rounded(Fraction(sum(each))),
            "customers": len(each),
        }
        for currency, each in amounts.items()
    }
    told = [of_customer(lives, first, end, as_of + 0.5) for lives in customers]
    base, churned = sum(one.at_start for one in told), sum(one.has_left for one in told)
    there = sum(one.at_start or one.is_new for one in told)
    expected = {
        currency: rounded(Fraction(sum(each)) / there * base / churned) if there and base and churned else None
        for currency, each in amounts.items()
    }
    got = by_currency(found["clv_simple"])
    assert {currency: part["value"] and round(part["value"], 6) for currency, part in got.items()} == {
        currency: value and round(value, 6) for currency, value in expected.items()
    }


def rounded(value: Fraction) -> Decimal:
    return round(Decimal(value.numerator) / value.denominator, 8)


def payments(lives: Sequence[Life], days: Sequence[int]) -> dict[str, Decimal]:
    """What the customer paid on these days less what she got back on them, where she did either."""
    found: dict[str, Decimal] = {}
    for life in lives:
        for number, currency, amount in standing(life):
            if number in days:
                found[currency] = found.get(currency, Decimal()) + amount
    return found


def standing(life: Sequence[tuple[float, CustomerEvent]]) -> list[tuple[float, str, Decimal]]:
    """Payments and refunds: of a purchase that was recorded twice the last counts, of one that was retracted none."""
    events = [event for _, event in life]
    gone = {event.purchase_id for event in events if isinstance(event, CustomerPurchaseRetracted)}
    last = {
        event.purchase_id: place for place, event in enumerate(events) if isinstance(event, CustomerPurchaseRecorded)
    }
    found = []
    for place, (number, event) in enumerate(life):
        if isinstance(event, CustomerPurchaseRecorded) and event.purchase_id not in gone:
            if last[event.purchase_id] == place:
                found.append((number, event.total.currency, event.total.amount))
        elif isinstance(event, CustomerPurchaseRefunded) and event.purchase_id not in gone:
            found.append((number, event.amount.currency, -event.amount.amount))
    return found
