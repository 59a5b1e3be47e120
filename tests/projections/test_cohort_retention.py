"""Customers by the month in which they came, and how many of them are active in each month after it."""

from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from itertools import count
from typing import TypeAlias
from uuid import uuid4

from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from api.kpis import KpiGroup, KpiResult
from domain.customer import (
    CustomerEvent,
    CustomerPurchaseRecorded,
)
from eventstore.database import Connection
from projections.kpi import Question, counted_positions, kpis
from projections.sight import EVERYTHING
from tests.projections.customer_facts import day, merge, revert
from tests.projections.test_customer_base import Life, bought, figure, lived, of_segment
from tests.projections.test_subscription_movement import TWO, cancelled, mrr_by_the_rules, paused, resumed, started

MARCH, APRIL, MAY, JUNE = 0, 31, 61, 92
"""The first days of the months of 2026, counted from the first of March."""
Cells: TypeAlias = dict[tuple[str, int], tuple[int, int]]


def retention(connection: Connection, first: int | None = None, end: int | None = JUNE) -> KpiResult:
    return figure(connection, "cohort_retention", first, end)


def cells(result: KpiResult | KpiGroup | None) -> Cells:
    """Active customers and all of the cohort, by cohort and month."""
    found = result.details.get("cells", []) if result else []
    return {(cell["cohort"], cell["month"]): (cell["active"], cell["size"]) for cell in found}


def test_a_cohort_is_the_month_of_the_first_purchase_or_subscription(connection: Connection) -> None:
    lived(connection, (MARCH, bought()), (APRIL + 3, bought()), (APRIL + 4, bought()))
    lived(connection, (APRIL - 0.01, bought()), (MAY, bought()))
    lived(connection, (APRIL, started(APRIL, 10)), (MAY, cancelled(MAY)))
    lived(connection)
    found = retention(connection)
    assert cells(found) == {
        ("2026-03", 0): (2, 2), ("2026-03", 1): (1, 2), ("2026-03", 2): (1, 2),
        ("2026-04", 0): (1, 1), ("2026-04", 1): (0, 1),
    }  # fmt: skip
    assert [found.value, found.numerator, found.denominator, found.sample_size] == [round(Decimal(1) / 3, 10), 1, 3, 3]


def test_who_comes_back_stays_in_her_first_cohort(connection: Connection) -> None:
    back = started(MAY, 5, TWO)
    lived(connection, (MARCH, started(MARCH, 10)), (MARCH + 9, cancelled(MARCH + 9)), (MAY, back))
    assert cells(retention(connection)) == {("2026-03", 0): (1, 1), ("2026-03", 1): (0, 1), ("2026-03", 2): (1, 1)}


def test_a_month_in_which_a_subscription_was_paid_for_any_day_counts(connection: Connection) -> None:
    lived(
        connection,
        (MARCH + 30, started(MARCH + 30, 10)),
        (MAY, paused(MAY)),
        (JUNE - 1, resumed(JUNE - 1)),
    )
    lived(connection, (MARCH, started(MARCH, 10)), (APRIL, paused(APRIL)))
    assert cells(retention(connection)) == {("2026-03", 0): (2, 2), ("2026-03", 1): (1, 2), ("2026-03", 2): (1, 2)}


def test_the_last_month_is_immature_until_it_is_over(connection: Connection) -> None:
    lived(connection, (MARCH, bought()), (APRIL, bought()))

    def immature(result: KpiResult) -> list[int]:
        return [cell["month"] for cell in result.details["cells"] if cell["immature"]]

    cut = retention(connection, end=MAY - 1)
    assert (immature(cut), cut.value, cut.denominator) == ([1], None, None)
    whole = retention(connection, end=MAY)
    assert [immature(whole), whole.value] == [[], 1]
    assert len(cells(whole)) == 2, "of May, nothing was watched"
    seen = figure(connection, "cohort_retention", None, None, day(MAY))
    assert [immature(seen), seen.value] == [[], 1]
    seen = figure(connection, "cohort_retention", None, None, datetime.combine(day(MAY).date(), time(1), day(0).tzinfo))
    assert (immature(seen), cells(seen)[("2026-03", 2)]) == ([2], (0, 1))


def test_cohorts_are_those_who_came_in_the_period(connection: Connection) -> None:
    lived(connection, (MARCH, bought()), (APRIL + 5, bought()))
    lived(connection, (APRIL, bought()), (MAY + 5, bought()))
    assert cells(retention(connection, APRIL, MAY + 5)) == {("2026-04", 0): (1, 1), ("2026-04", 1): (0, 1)}
    assert cells(retention(connection, APRIL, MAY + 6)) == {("2026-04", 0): (1, 1), ("2026-04", 1): (1, 1)}
    assert cells(retention(connection, MAY, JUNE)) == {}


def test_merged_customers_are_one_in_the_cohort_of_the_first(connection: Connection) -> None:
    ann, _ = lived(connection, (MARCH, bought()))
    bob, _ = lived(connection, (APRIL, bought()))
    apart = cells(retention(connection, end=MAY))
    merge_id = merge(connection, ann, bob)
    assert cells(retention(connection, end=MAY)) == {("2026-03", 0): (1, 1), ("2026-03", 1): (1, 1)}
    revert(connection, merge_id, ann, bob)
    assert cells(retention(connection, end=MAY)) == apart


def test_the_table_leads_on_to_what_customers_did(connection: Connection) -> None:
    _, (first, second) = lived(connection, (MARCH, bought()), (APRIL, started(APRIL, 9)))
    lived(connection, (MARCH - 5, bought()))
    retention(connection)
    question = Question(day(MARCH), day(JUNE), day(JUNE), "UTC")
    assert counted_positions(connection, kpis()["cohort_retention"], question, 0, 100, sight=EVERYTHING) == [
        first,
        second,
    ]


# It equals a fold over the events

STEP = 12
some = st.one_of(
    st.builds(bought),
    st.sampled_from([lambda on: started(on, 10), lambda on: started(on, 5, TWO), cancelled, paused, resumed]),
)


@for_all(
    histories=st.lists(st.lists(st.tuples(st.integers(0, 9), some), max_size=6), min_size=3, max_size=3),
    are_merged=st.booleans(),
    first=st.none() | st.integers(0, 9),
    length=st.integers(1, 9),
    as_of=st.integers(0, 10),
)
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_cell_is_what_the_rules_make_of_the_events(
    connection: Connection,
    histories: list[list[tuple[int, object]]],
    are_merged: bool,
    first: int | None,
    length: int,
    as_of: int,
) -> None:
    segment = uuid4().hex
    told = [sorted(((n * STEP, happening(what, n * STEP)) for n, what in life), key=_day) for life in histories]
    ids = [lived(connection, *life, segment=segment)[0] for life in told]
    if are_merged:
        merge(connection, ids[0], ids[1])
    customers: list[list[Life]] = [[told[0], told[1]], [told[2]]] if are_merged else [[life] for life in told]
    start, end = (None, None) if first is None else (first * STEP, (first + length) * STEP)
    moment = datetime.combine(day(as_of * STEP).date(), time(12), day(0).tzinfo)
    found = of_segment(figure(connection, "cohort_retention", start, end, moment, "segment"), segment)
    last = as_of * STEP if end is None else min(as_of * STEP, end - 1)
    assert cells(found) == fold(customers, start or 0, last)


def _day(told: tuple[int, CustomerEvent]) -> int:
    return told[0]


def happening(what: object, on: int) -> CustomerEvent:
    if isinstance(what, CustomerPurchaseRecorded):
        return what
    event: CustomerEvent = what(on)  # type: ignore[operator]  # a function of the day
    return event


def fold(customers: Sequence[Sequence[Life]], first: int, last: int) -> Cells:
    """Of the customers who came from the first day on: in which months up to the last day they did something."""
    months: dict[str, list[set[str]]] = {}
    for lives in customers:
        active = [number for number in range(last + 1) if any(is_active(life, number) for life in lives)]
        if active and active[0] >= first:
            months.setdefault(month(active[0]), []).append({month(number) for number in active})
    of_all = sorted({month(number) for number in range(last + 1)})
    return {
        (cohort, number): (sum(name in each for each in found), len(found))
        for cohort, found in months.items()
        for number, name in zip(count(), of_all[of_all.index(cohort) :], strict=False)
    }


def is_active(life: Life, number: int) -> bool:
    """Whether she bought on this day, or then pays for something."""
    bought_then = any(on == number and isinstance(event, CustomerPurchaseRecorded) for on, event in life)
    return bought_then or bool(mrr_by_the_rules([[event for _, event in life]], day(number).date()))


def month(number: int) -> str:
    on: date = day(number).date()
    return f"{on:%Y-%m}"
