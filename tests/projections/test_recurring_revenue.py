"""Figures of recurring revenue: each is what the rules' MRR of every day makes of it; closing = opening + movements."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from api.kpis import KpiGroup, KpiResult, ask, ask_as_of
from api.store import Store
from domain.customer import CustomerClassified, CustomerEvent, CustomerRegistered
from eventstore import log
from eventstore.database import Connection, connect
from eventstore.fence import horizon
from projections.kpi import Question, counted_positions, kpis
from projections.read_models import read_models
from projections.sight import EVERYTHING
from replay.follow import advance, catch_up
from tests.projections.customer_facts import merge, revert
from tests.projections.records import tell
from tests.projections.test_subscription_movement import (
    EVENTS,
    TWO,
    cancelled,
    day,
    downgraded,
    kind,
    mrr_by_the_rules,
    paused,
    resumed,
    started,
    upgraded,
)

FIGURES = ("mrr", "mrr_movements", "gross_mrr_churn", "net_mrr_churn", "grr", "nrr")
Figures = Mapping[str, Mapping[str, object]]


def figure(
    connection: Connection,
    slug: str,
    first: int | None = None,
    end: int | None = None,
    zone: str = "UTC",
    group_by: str | None = None,
) -> KpiResult:
    """The figure of the days from the first up to, not including, the end."""
    for name in ("subscription_movement", "customer_360"):
        advance(connection, read_models()[name], horizon(connection))
    return ask(connection, kpis()[slug], zone, maybe(first), maybe(end), group_by=group_by, sight=EVERYTHING)


def maybe(number: int | None) -> date | None:
    return None if number is None else day(number)


def by_currency(result: KpiResult | KpiGroup) -> Figures:
    """What is reported for each currency, numbers exact."""
    return {
        currency: {name: None if value is None else Decimal(str(value)) for name, value in part.items()}
        for currency, part in result.details.get("by_currency", {}).items()
    }


@pytest.fixture
def example(connection: Connection) -> Connection:
    """KPIS: 100 at the start; in the period churn 10, contraction 10, expansion 10."""
    for events in (
        [started(0, 10), cancelled(10)],
        [started(0, 40), downgraded(11, 30)],
        [started(0, 50), upgraded(12, 60)],
    ):
        tell(connection, uuid4(), *events)
    return connection


def test_the_published_example_of_churn_and_retention(example: Connection) -> None:
    found = {slug: figure(example, slug, 5, 20) for slug in FIGURES}
    assert {slug: result.value for slug, result in found.items()} == {
        "mrr": 90,
        "mrr_movements": -10,
        "gross_mrr_churn": Decimal("0.2"),
        "net_mrr_churn": Decimal("0.1"),
        "grr": Decimal("0.8"),
        "nrr": Decimal("0.9"),
    }
    churn, kept = found["gross_mrr_churn"], found["grr"]
    assert [churn.numerator, churn.denominator, churn.sample_size] == [20, 100, 3]
    assert [kept.numerator, kept.denominator, kept.sample_size] == [80, 100, 3]
    assert found["mrr"].sample_size == 2, "who left pays nothing any more"


def test_new_customers_are_not_in_what_is_retained(example: Connection) -> None:
    tell(example, uuid4(), started(6, 1000), downgraded(8, 500))
    assert [figure(example, slug, 5, 20).value for slug in ("grr", "nrr")] == [Decimal("0.8"), Decimal("0.9")]
    assert figure(example, "gross_mrr_churn", 5, 20).value == Decimal("5.2"), "but what they lose is lost"


def test_what_one_pays_more_makes_net_retention_exceed_all_and_gross_never(connection: Connection) -> None:
    tell(connection, uuid4(), started(0, 50), upgraded(6, 150))
    assert figure(connection, "nrr", 5, 20).value == 3
    assert figure(connection, "grr", 5, 20).value == 1
    assert figure(connection, "net_mrr_churn", 5, 20).value == -2


def test_all_kinds_of_movements_lead_from_opening_to_closing_to_the_cent(connection: Connection) -> None:
    tell(connection, uuid4(), started(0, "33.34"), started(0, "33.33", TWO), cancelled(6))
    tell(connection, uuid4(), started(1, "8.05"), paused(7), resumed(9), upgraded(9, "9.10"))
    tell(connection, uuid4(), started(8, "0.10"))
    result = figure(connection, "mrr_movements", 5, 20)
    assert by_currency(result) == {
        "EUR": {
            "value": Decimal("-32.19"),
            "opening": Decimal("74.72"),
            "new": Decimal("0.10"),
            "expansion": 0,
            "contraction": Decimal("-33.34"),
            "churn": Decimal("-8.05"),
            "reactivation": Decimal("9.10"),
            "closing": Decimal("42.53"),
            "customers": 3,
        }
    }
    assert result.value == Decimal("-32.19")
    assert figure(connection, "gross_mrr_churn", 5, 20).numerator == Decimal("41.39")
    assert figure(connection, "net_mrr_churn", 5, 20).numerator == Decimal("32.29"), "what is new makes up for nothing"


def test_an_annual_subscription_brings_a_twelfth_each_month(connection: Connection) -> None:
    tell(connection, uuid4(), started(0, str(1200 / 12)).model_copy(update={"term_months": 12}))
    assert [figure(connection, "mrr", end=end).value for end in (1, 31, 360)] == [100, 100, 100]


def test_the_first_day_belongs_to_the_period_and_the_end_does_not(connection: Connection) -> None:
    tell(connection, uuid4(), started(5, 100), upgraded(9, 130))
    found = figure(connection, "mrr_movements", 5, 9)
    assert [found.value, by_currency(found)["EUR"]["opening"]] == [100, 0]
    assert figure(connection, "mrr_movements", 6, 9).value == 0
    assert [figure(connection, "mrr", end=end).value for end in (5, 6, 9, 10)] == [0, 100, 100, 130]
    for zone in ("Pacific/Kiritimati", "America/Los_Angeles"):
        assert figure(connection, "mrr_movements", 5, 9, zone=zone).value == 100, "days are those of the zone"


def test_what_will_be_agreed_from_a_later_day_on_is_not_paid_yet(connection: Connection) -> None:
    tell(connection, uuid4(), started(0, 100), started(3, 7, TWO))
    figure(connection, "mrr")

    def at(moment: datetime, zone: str = "UTC") -> object:
        return ask(connection, kpis()["mrr"], zone, as_of=moment, axis="occurred", sight=EVERYTHING).value

    begins = datetime.combine(day(3), time(), UTC)
    assert (at(begins - timedelta(seconds=1)), at(begins)) == (100, 107)
    assert at(begins - timedelta(seconds=1), "Europe/Berlin") == 107


def test_currencies_are_never_added_up(connection: Connection) -> None:
    tell(connection, uuid4(), started(0, 100), cancelled(6))
    tell(connection, uuid4(), started(0, 40, TWO, "USD"))
    found = {slug: figure(connection, slug, 5, 20) for slug in FIGURES}
    assert {slug: by_currency(result).get("USD", {}).get("value") for slug, result in found.items()} == {
        "mrr": 40, "mrr_movements": 0, "gross_mrr_churn": 0, "net_mrr_churn": 0, "grr": 1, "nrr": 1,
    }  # fmt: skip
    assert found["mrr"].value == 40, "of euros there are none any more"
    for slug in FIGURES[1:]:
        assert (found[slug].value, found[slug].numerator, found[slug].denominator) == (None, None, None)
        groups = figure(connection, slug, 5, 20, group_by="currency").groups or []
        assert [(group.group, group.label) for group in groups] == [("EUR", "EUR"), ("USD", "USD")]
        assert [group.value for group in groups] == [by_currency(found[slug])[name]["value"] for name in ("EUR", "USD")]


def test_without_anything_at_the_start_there_is_no_share(connection: Connection) -> None:
    def values() -> dict[str, object]:
        return {slug: figure(connection, slug, 5, 20).value for slug in FIGURES}

    nothing = dict.fromkeys(FIGURES[2:])
    assert values() == nothing | {"mrr": 0, "mrr_movements": 0}
    tell(connection, uuid4(), started(6, 100), downgraded(7, 90))
    assert values() == nothing | {"mrr": 90, "mrr_movements": 90}


def test_merged_customers_are_one_until_the_merge_is_reverted(connection: Connection) -> None:
    ann, bob = uuid4(), uuid4()
    tell(connection, ann, started(0, 100), cancelled(6))
    tell(connection, bob, started(0, 50), upgraded(6, 80))
    apart = {slug: figure(connection, slug, 5, 20).value for slug in FIGURES}
    merge_id = merge(connection, ann, bob)
    movements = by_currency(figure(connection, "mrr_movements", 5, 20))["EUR"]
    assert (movements["churn"], movements["contraction"], movements["expansion"]) == (0, -70, 0)
    assert figure(connection, "grr", 5, 20).value == round(Decimal(80) / 150, 10)
    assert figure(connection, "mrr", 5, 20).sample_size == 1
    revert(connection, merge_id, ann, bob)
    assert {slug: figure(connection, slug, 5, 20).value for slug in FIGURES} == apart
    assert apart["grr"] == round(Decimal(50) / 150, 10)


def test_a_figure_leads_on_to_the_events_behind_it(connection: Connection) -> None:
    first = tell(connection, uuid4(), started(0, 100), upgraded(6, 130), upgraded(6, 140), downgraded(30, 1))
    swap = tell(connection, uuid4(), started(7, 5), cancelled(8), started(8, 9, TWO))
    figure(connection, "mrr")
    start, end, as_of = (datetime.combine(day(number), time(), UTC) for number in (5, 20, 90))
    question = Question(start, end, as_of, "UTC")
    found = {slug: counted_positions(connection, kpis()[slug], question, 0, 100, sight=EVERYTHING) for slug in FIGURES}
    assert found["mrr_movements"] == found["mrr"] == found["gross_mrr_churn"] == [first[0], first[2], *swap]
    assert found["grr"] == found["nrr"] == [first[0], first[2]], "only of those who paid at the start"


def test_what_was_known_stays_whatever_is_recorded_later(store: Store) -> None:
    ann = uuid4()
    with connect(store.conninfo) as connection:
        tell(connection, ann, started(0, 100), upgraded(6, 130))
        then = log.now(connection)
        tell(connection, ann, cancelled(3))
        catch_up(connection)

    def values(as_of: datetime | None) -> list[object]:
        return [
            ask_as_of(store, kpis()[slug], "UTC", day(5), day(20), as_of, sight=EVERYTHING).value for slug in FIGURES
        ]

    assert values(then) == [130, 30, 0, Decimal("-0.3"), 1, Decimal("1.3")]
    assert values(None) == [0, 0, None, None, None, None]


# Every figure equals a fold over the events


@for_all(
    histories=st.lists(st.lists(EVENTS, max_size=6), min_size=3, max_size=3),
    are_merged=st.booleans(),
    first=st.none() | st.integers(-1, 6),
    length=st.integers(1, 6),
    as_of=st.integers(-1, 8),
)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_figure_is_what_the_rules_make_of_the_events(
    connection: Connection,
    histories: list[list[CustomerEvent]],
    are_merged: bool,
    first: int | None,
    length: int,
    as_of: int,
) -> None:
    segment = uuid4().hex
    ids = [uuid4() for _ in histories]
    for customer_id, events in zip(ids, histories, strict=True):
        tell(
            connection, customer_id, CustomerRegistered(kind="person", name="Ann"), CustomerClassified(segment=segment)
        )
        tell(connection, customer_id, *events)
    if are_merged:
        merge(connection, ids[0], ids[1])
    figure(connection, "mrr")
    customers = [histories[:2], histories[2:]] if are_merged else [[history] for history in histories]
    end = None if first is None else first + length
    expected = fold(customers, -1 if first is None else first, min(as_of, 8 if end is None else end - 1))
    for slug in FIGURES:
        result = ask(
            connection,
            kpis()[slug],
            "UTC",
            maybe(first),
            maybe(end),
            datetime.combine(day(as_of), time(12), UTC),
            "occurred",
            "segment",
            sight=EVERYTHING,
        )
        found = next((group for group in result.groups or [] if group.group == segment), None)
        told = by_currency(found) if found else {}
        assert rounded(told) == rounded(expected[slug]), slug
        if found:
            (only, *others) = told.values()
            assert rounded({"": {"value": found.value}}) == rounded({"": {"value": None if others else only["value"]}})
    for part in expected["mrr_movements"].values():
        movements = [part[name] for name in ("new", "expansion", "contraction", "churn", "reactivation")]
        assert part["closing"] == sum(movements, part["opening"])  # type: ignore[call-overload]  # numbers


def rounded(figures: Figures) -> Figures:
    return {
        currency: {name: round(value, 9) if isinstance(value, Decimal) else value for name, value in part.items()}
        for currency, part in figures.items()
    }


def fold(customers: Sequence[Sequence[Sequence[CustomerEvent]]], first: int, last: int) -> dict[str, Figures]:
    """All figures of the days from the first to the last one, both included, by what each customer pays on each day."""
    found: dict[str, dict[str, dict[str, object]]] = {slug: {} for slug in FIGURES}
    days = [day(number) for number in range(-2, last + 1)]
    paid = [[mrr_by_the_rules(histories, on) for on in days] for histories in customers]
    for currency in sorted({name for one in paid for on in one for name in on}):
        of_each = [[on.get(currency, Decimal()) for on in one] for one in paid]
        for slug, part in of_currency([amounts for amounts in of_each if any(amounts)], days, day(first)).items():
            if part is not None:
                found[slug][currency] = part
    return {slug: found[slug] for slug in FIGURES}


def of_currency(
    customers: Sequence[Sequence[Decimal]], days: Sequence[date], first: date
) -> dict[str, dict[str, object] | None]:
    """Each customer's amounts by day give the figures of their currency; None where there is none to tell."""
    before = sum(on < first for on in days) - 1
    pays = [(amounts[before], amounts[-1]) for amounts in customers]
    opening, closing = sum((at for at, _ in pays), Decimal()), sum((at for _, at in pays), Decimal())
    moved = {name: Decimal() for name in ("new", "expansion", "contraction", "churn", "reactivation")}
    kinds: list[set[str]] = []
    for amounts in customers:
        kinds.append(set())
        for number in range(before + 1, len(days)):
            if amounts[number] != amounts[number - 1]:
                what = kind(amounts[:number], amounts[number - 1], amounts[number])
                moved[what] += amounts[number] - amounts[number - 1]
                kinds[-1].add(what)
    lost = -moved["churn"] - moved["contraction"]
    net = lost - moved["expansion"] - moved["reactivation"]
    cohort = [(start, end) for start, end in pays if start]
    kept = {"grr": sum((min(pair) for pair in cohort), Decimal()), "nrr": sum((end for _, end in cohort), Decimal())}
    now = [end for _, end in pays if end]
    figures: dict[str, dict[str, object] | None] = {
        "mrr": {"value": closing, "customers": len(now)} if now else None,
        "mrr_movements": {
            "value": closing - opening,
            "opening": opening,
            **moved,
            "closing": closing,
            "customers": sum(map(bool, kinds)),
        },
        "gross_mrr_churn": {
            "value": lost / opening if opening else None, "opening": opening, "lost": lost, "customers": len(cohort),
        },
        "net_mrr_churn": {
            "value": net / opening if opening else None, "opening": opening, "lost": net, "customers": len(cohort),
        },
    }  # fmt: skip
    for slug, stays in kept.items():
        there = {"value": stays / (opening or 1), "opening": opening, "kept": stays, "customers": len(cohort)}
        figures[slug] = there if cohort else None
    return figures
