"""The survival curve is Kaplan and Meier's product over what became of customers; groups are told apart by a test."""

from collections.abc import Sequence
from datetime import date, datetime, time
from fractions import Fraction
from math import exp, log, sqrt
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, example, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from api.kpis import KpiResult
from eventstore import analytics
from eventstore.database import Connection
from projections.kpi import Question, counted_positions, kpis
from projections.sight import EVERYTHING
from tests.projections.customer_facts import day, merge
from tests.projections.test_customer_base import BACK, GONE, HERE, Life, bought, figure, left, lived, of_segment, state
from tests.projections.test_customer_base import what as happening


def survival(connection: Connection, *days: int | None, **asked: Any) -> KpiResult:
    first, end = days or (None, None)
    return figure(connection, "survival_curve", first, end, **asked)


def curve(result: KpiResult) -> list[tuple[int, int, int, float]]:
    rows = result.details.get("curve", [])
    return [(row["month"], row["at_risk"], row["churned"], round(row["survival"], 6)) for row in rows]


def test_those_who_left_in_one_month_count_before_those_who_are_watched_no_longer(connection: Connection) -> None:
    # watched for 1 month, 2 months and then on; two left after 1 month, one after 3
    lived(connection, (0, bought()), (40, left()))
    lived(connection, (0, bought()), (45, left()))
    lived(connection, (0, bought()), (50, GONE))
    lived(connection, (0, bought()), (70, GONE))
    lived(connection, (0, bought()), (100, left()))
    lived(connection, (0, bought()))
    found = survival(connection, None, 130)
    assert curve(found) == [
        (0, 6, 0, 1.0),
        (1, 6, 2, 0.666667),
        (2, 3, 0, 0.666667),
        (3, 2, 1, 0.333333),
        (4, 1, 0, 0.333333),
    ]
    assert [found.value, found.numerator, found.denominator, found.sample_size] == [3, 3, 6, 6]


def test_bounds_are_greenwoods(connection: Connection) -> None:
    for end in (40, 45, 200, 200, 200):
        lived(connection, (0, bought()), *([(end, left())] if end < 100 else []))
    row = survival(connection, None, 90).details["curve"][1]
    spread = 1.959964 * sqrt(2 / (5 * 3)) / abs(log(0.6))
    assert row["low"] == pytest.approx(0.6 ** exp(spread), abs=1e-6)
    assert row["high"] == pytest.approx(0.6 ** exp(-spread), abs=1e-6)
    first = survival(connection, None, 90).details["curve"][0]
    assert (first["survival"], first["low"], first["high"]) == (1, None, None)


def test_nobody_is_left_and_there_is_no_bound(connection: Connection) -> None:
    lived(connection, (0, bought()), (5, left()))
    found = survival(connection, None, 90)
    assert [found.value, *curve(found)] == [0, (0, 1, 1, 0.0)]
    assert found.details["curve"][0]["low"] is None


def test_without_customers_there_is_no_curve(connection: Connection) -> None:
    lived(connection)
    assert (survival(connection).value, survival(connection).details) == (None, {})


def test_who_came_back_has_left_and_who_was_put_away_had_not(connection: Connection) -> None:
    lived(connection, (0, bought()), (40, left()), (50, BACK))
    lived(connection, (0, bought()), (70, GONE), (80, HERE), (100, left()))
    assert curve(survival(connection, None, 200)) == [(0, 2, 0, 1.0), (1, 2, 1, 0.5), (2, 1, 0, 0.5)]


def test_customers_of_the_period_are_followed_to_its_end(connection: Connection) -> None:
    lived(connection, (0, bought()), (70, left()))
    lived(connection, (10, bought()), (70, left()))
    assert curve(survival(connection, 5, 100)) == [(0, 1, 0, 1.0), (1, 1, 1, 0.0)]
    assert curve(survival(connection, 5, 70)) == [(0, 1, 0, 1.0), (1, 1, 0, 1.0)], "the end is not in it"
    assert curve(survival(connection, None, 100, as_of=day(69))) == [(0, 2, 0, 1.0), (1, 2, 0, 1.0), (2, 1, 0, 1.0)]


def test_merged_customers_are_one(connection: Connection) -> None:
    ann, _ = lived(connection, (0, bought()), (40, left()))
    bob, _ = lived(connection, (20, bought()))
    merge(connection, ann, bob)
    assert curve(survival(connection, None, 60)) == [(0, 1, 0, 1.0), (1, 1, 0, 1.0)], "the survivor's life holds"


def test_the_curve_leads_on_to_where_customers_came_and_left(connection: Connection) -> None:
    _, (came, _, gone, _) = lived(connection, (0, bought()), (1, bought()), (40, left()), (50, BACK))
    _, (put_away, *_) = lived(connection, (0, bought()), (30, GONE))
    survival(connection)
    question = Question(day(-30), day(90), day(90), "UTC")
    assert counted_positions(connection, kpis()["survival_curve"], question, 0, 100, sight=EVERYTHING) == [
        came,
        gone,
        put_away,
    ]


def test_groups_are_compared(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(12):
        lived(connection, (0, bought()), (35 + 3 * number, left()), segment="trial")
        lived(connection, (0, bought()), (150 + number, left()), segment="paid")
    lived(connection, (0, bought()), segment="trial")
    found = survival(connection, None, 200, group_by="segment")
    test = found.details["log_rank"]
    assert (test["degrees_of_freedom"], test["p_value"] < 0.001) == (1, True)
    assert "log_rank" not in survival(connection, None, 200).details
    assert survival(connection, None, 20, group_by="segment").details["log_rank"] is None, "nobody has left yet"
    monkeypatch.setattr(analytics, "_PACKAGES", ("a_package_that_nobody_has",))
    assert "--with analytics" in survival(connection, None, 200, group_by="segment").details["log_rank"]


# It equals a fold over the events

STEP = 20
lives = st.lists(st.tuples(st.integers(0, 9), happening), max_size=6)


@for_all(
    histories=st.lists(lives, min_size=3, max_size=4),
    are_merged=st.booleans(),
    first=st.none() | st.integers(0, 9),
    length=st.integers(1, 9),
    as_of=st.integers(0, 10),
)
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@example(histories=[[(0, bought()), (2, GONE), (3, left())], [], []], are_merged=False, first=None, length=1, as_of=9)
def test_the_curve_is_what_the_rules_make_of_the_events(
    connection: Connection, histories: list[Life], are_merged: bool, first: int | None, length: int, as_of: int
) -> None:
    segment = uuid4().hex
    scaled = [[(number * STEP, event) for number, event in life] for life in histories]
    ids = [lived(connection, *life, segment=segment)[0] for life in scaled]
    if are_merged:
        merge(connection, ids[0], ids[1])
    customers = (
        [[scaled[1], scaled[0]], *([life] for life in scaled[2:])] if are_merged else [[life] for life in scaled]
    )
    start, end = (None, None) if first is None else (first * STEP, (first + length) * STEP)
    told = [one for lives in customers if (one := of_customer(lives, start, end, as_of * STEP))]
    moment = datetime.combine(day(as_of * STEP).date(), time(12), day(0).tzinfo)
    found = of_segment(figure(connection, "survival_curve", start, end, moment, "segment"), segment)
    rows = found.details["curve"] if found else []
    expected = kaplan_meier(told)
    assert [(row["month"], row["at_risk"], row["churned"]) for row in rows] == [row[:3] for row in expected]
    for row, (*_, share, variance) in zip(rows, expected, strict=True):
        assert abs(row["survival"] - share) < 1e-9
        if 0 < share < 1:
            spread = 1.959963984540054 * sqrt(variance) / abs(log(share))
            assert (row["low"], row["high"]) == pytest.approx((share ** exp(spread), share ** exp(-spread)), abs=1e-9)
        else:
            assert (row["low"], row["high"]) == (None, None)
    halves = [month for month, *_, share, _ in expected if share <= Fraction(1, 2)]
    assert (found.value if found else None) == (halves[0] if halves else None)


def of_customer(lives: Sequence[Life], first: int | None, end: int | None, as_of: int) -> tuple[int, bool] | None:
    """For how many months she was watched since she came, and whether she then left; None who did not come then."""
    came: int | None = None
    until = as_of if end is None else min(as_of, end)
    for number in range(0, until + 1):
        if end is not None and number >= end:
            break
        status, is_active = state(lives, number)
        if came is None and is_active:
            came = number
        elif came is not None and not is_active:
            return watched(came, number, status == "churned", first)
    return None if came is None else watched(came, until, False, first)


def watched(came: int, until: int, has_left: bool, first: int | None) -> tuple[int, bool] | None:
    return (months(day(came).date(), day(until).date()), has_left) if came >= (first or 0) else None


def months(since: date, until: date) -> int:
    return (until.year - since.year) * 12 + until.month - since.month - (until.day < since.day)


def kaplan_meier(lives: Sequence[tuple[int, bool]]) -> list[tuple[int, int, int, Fraction, Fraction]]:
    """Month, at risk, churned, share that survives, and Greenwood's sum."""
    share, variance, rows = Fraction(1), Fraction(0), list[tuple[int, int, int, Fraction, Fraction]]()
    for month in range(max((lasted for lasted, _ in lives), default=-1) + 1):
        at_risk = sum(lasted >= month for lasted, _ in lives)
        churned = sum(lasted == month and has_left for lasted, has_left in lives)
        share *= 1 - Fraction(churned, at_risk)
        if at_risk > churned:
            variance += Fraction(churned, at_risk * (at_risk - churned))
        rows.append((month, at_risk, churned, share, variance))
    return rows
