"""Published customer bases, taken in as events: what is fitted to them are the parameters that others published."""

import csv
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from uuid import uuid4

import pytest

from api.fitting import Fitted, Range, fit_clv, fit_retention
from api.kpis import ask_as_of
from api.settings import Settings
from api.store import Store, open_store
from domain.customer import (
    CancelSubscription,
    Customer,
    CustomerEvent,
    RecordPurchase,
    StartSubscription,
    cancel_subscription,
    evolve,
    record_purchase,
    start_subscription,
)
from domain.event import CustomerId
from domain.money import Money
from eventstore import log
from eventstore.bulk import LARGEST, append_bulk
from eventstore.database import connect
from projections.kpi import kpis
from projections.models import sbg
from projections.sight import EVERYTHING
from replay.follow import catch_up
from tests.facts import NOBODY

pytestmark = pytest.mark.full

Life = Sequence[tuple[date, CustomerEvent]]


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """An empty installation without a follower."""
    with open_store(settings) as opened:
        yield opened


def take_in(store: Store, lives: Sequence[Life]) -> None:
    """A customer for each of these lives."""
    new = [
        log.NewEvent(who, "customer", who, version, event, datetime.combine(day, time(), UTC))
        for who, life in ((CustomerId(uuid4()), life) for life in lives)
        for version, (day, event) in enumerate(life, start=1)
    ]
    with connect(store.conninfo) as connection:
        for start in range(0, len(new), LARGEST):
            append_bulk(connection, new[start : start + LARGEST], NOBODY)
        catch_up(connection)


def subscribed(first: date, ended: date | None, term_months: int | None = None) -> Life:
    """From one day on, and up to another one."""
    subscription_id = uuid4()
    start = StartSubscription(
        plan="basic", mrr=Money(amount=Decimal(10), currency="EUR"), term_months=term_months, effective_on=first
    )
    (started,) = start_subscription(Customer(), start, subscription_id)
    if ended is None:
        return [(first, started)]
    cancel = CancelSubscription(subscription_id=subscription_id, effective_on=ended)
    return [
        (first, started),
        *((ended, event) for event in cancel_subscription(evolve(Customer(), started), cancel, ended)),
    ]


def rounded(fitted: Fitted, digits: int = 4) -> dict[str, float]:
    return {name: round(value, digits) for name, value in fitted.fit.parameters.items()}


# CDNOW


def purchases(file: Path) -> list[list[tuple[date, Decimal]]]:
    rows = [line.split() for line in file.read_text().splitlines() if line.strip()]
    return [
        [(datetime.strptime(row[2], "%Y%m%d").date(), Decimal(row[4])) for row in of_customer]
        for _, of_customer in groupby(rows, key=lambda row: row[1])
    ]


def bought(days: Sequence[tuple[date, Decimal]]) -> Life:
    customer, life = Customer(), list[tuple[date, CustomerEvent]]()
    for day, amount in days:
        command = RecordPurchase(total=Money(amount=amount, currency="USD"))
        event = record_purchase(customer, command, uuid4())
        customer = evolve(customer, event)
        life.append((day, event))
    return life


@pytest.fixture
def cdnow(store: Store, oracle_data: Path) -> Store:
    take_in(store, [bought(days) for days in purchases(oracle_data / "cdnow_sample" / "CDNOW_sample.txt")])
    return store


def test_cdnow_buys_as_published(cdnow: Store) -> None:
    buying, spending = fit_clv(cdnow, Range(until_day=date(1997, 10, 1)))
    assert (buying.model, buying.fit.observations) == ("bg_nbd_USD", 2_357)
    assert rounded(buying) == {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}
    assert round(buying.fit.log_likelihood, 4) == -9582.4292
    assert (spending.model, spending.fit.observations) == ("gamma_gamma_USD", 946)
    assert rounded(spending, 2) == {"p": 6.25, "q": 3.74, "v": 15.44}
    assert spending.notes == ()


# A cohort of yearly contracts


def survivors(file: Path, column: str) -> list[int]:
    """Of a thousand customers, after 0, 1, 2 ... years."""
    with open(file, encoding="utf-8", newline="") as text:
        return [round(Decimal(row[column]) * 10) for row in csv.DictReader(text)]


@pytest.mark.parametrize(
    ("column", "parameters", "projected"),
    [
        ("high_end_pct", {"alpha": 0.6681, "beta": 3.8061}, [46.0, 43.6, 41.4, 39.5, 37.8]),
        ("regular_pct", {"alpha": 0.7041, "beta": 1.1820}, [22.0, 20.4, 19.1, 18.0, 17.0]),
    ],
)
def test_a_cohort_renews_as_published(
    store: Store, oracle_data: Path, column: str, parameters: dict[str, float], projected: list[float]
) -> None:
    alive = survivors(oracle_data / "sbg_retention" / "sbg_survival.csv", column)
    left = [year for year in range(1, len(alive)) for _ in range(alive[year - 1] - alive[year])]
    ends = [date(2000 + year, 1, 1) for year in left] + [None] * alive[-1]
    take_in(store, [subscribed(date(2000, 1, 1), end, 12) for end in ends])
    (fitted,) = fit_retention(store, Range(until_day=date(2007, 1, 2)), term_months=12)
    assert (fitted.model, fitted.fit.observations) == ("sbg_12", 1_000)
    assert rounded(fitted) == parameters
    found = fitted.fit.parameters
    assert [round(100 * sbg.survival(found, year), 1) for year in range(8, 13)] == projected
    if column == "high_end_pct":
        assert round(sbg.residual_lifetime(found, 7, 0.1), 3) == 7.530


# Telephone customers, with how many months each stayed


def test_customers_of_a_telephone_company_stay_as_published(store: Store, oracle_data: Path) -> None:
    with open(
        oracle_data / "telco_churn" / "WA_Fn-UseC_-Telco-Customer-Churn.csv", encoding="utf-8", newline=""
    ) as text:
        rows = [(int(row["tenure"]), row["Churn"] == "Yes") for row in csv.DictReader(text)]
    seen = date(2020, 1, 1)
    begun = [date(2020 - (tenure + 11) // 12, 12 - (tenure - 1) % 12, 1) if tenure else seen for tenure, _ in rows]
    take_in(store, [subscribed(first, seen if left else None) for first, (_, left) in zip(begun, rows, strict=True)])
    found = ask_as_of(store, kpis()["survival_curve"], "UTC", None, date(2020, 1, 2), sight=EVERYTHING)
    assert [found.numerator, found.denominator] == [1_869, 7_043]
    curve = {row["month"]: round(row["survival"], 6) for row in found.details["curve"]}
    assert {month: curve[month] for month in (1, 6, 12, 24, 36, 48, 60, 72)} == {
        1: 0.945961, 6: 0.884826, 12: 0.843200, 24: 0.788736, 36: 0.748545, 48: 0.708840, 60: 0.664404, 72: 0.592790,
    }  # fmt: skip
