"""How customers are in touch and how they stand with us: each figure is the plain count over events."""

from collections import Counter
from decimal import Decimal
from statistics import mean, median
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.customer import (
    CustomerActivated,
    CustomerArchived,
    CustomerChurned,
    CustomerEvent,
    CustomerMarkedAtRisk,
    CustomerSurveyAnswered,
)
from domain.interaction import InteractionCorrected, InteractionLogged, InteractionRetracted
from eventstore.database import Connection
from tests.domain.tickets import OPENED, SOLVED
from tests.projections.customer_facts import merge
from tests.projections.health_figures import DAY, Company, interactions, is_active, score, signals
from tests.projections.records import hour, tell
from tests.projections.test_subscription_movement import cancelled, day, downgraded, started, upgraded
from tests.projections.test_survey_kpis import customer, ticket_of
from tests.projections.test_ticket_kpis import applied, breached, lived, only
from tests.projections.ticket_figures import History, Told, asked, behind

ENGAGEMENT, HEALTH = "engagement", "customer_health"
ACTIVE = CustomerActivated()
LEFT = CustomerChurned(kind="said", effective_on=day(1))
ONE, TWO = UUID(int=31), UUID(int=32)
GONE = InteractionRetracted(interaction_id=ONE)
CORRECTED = InteractionCorrected(interaction_id=TWO, kind="web")


def call(which: UUID | None = None, kind: str = "call", direction: str | None = None) -> CustomerEvent:
    fields = {"interaction_id": which or uuid4(), "kind": kind, "direction": direction}
    return InteractionLogged.model_validate(fields)


def rated(number: int) -> CustomerEvent:
    return CustomerSurveyAnswered(survey="csat", score=number)


def company(connection: Connection, one: Company, segment: str = "smb") -> UUID:
    customer_id = customer(connection, *one.life, segment=segment)
    if one.agreed:
        tell(connection, customer_id, *one.agreed, at=[hour(-1)] * len(one.agreed))
    for history in one.tickets:
        ticket_of(connection, customer_id, history)
    return customer_id


# engagement


def test_silent_customers_count_and_prospects_do_not(connection: Connection) -> None:
    customer(
        connection,
        (ACTIVE, 0),
        (call(direction="inbound"), 1),
        (call(kind="email", direction="outbound"), 2),
        (call(), 2),
    )
    customer(connection, (ACTIVE, 0))
    customer(connection, (ACTIVE, 0), (call(), 1), (LEFT, 5))
    customer(connection, (call(), 1))
    row = only(connection, ENGAGEMENT, 0, 10)
    assert (row["value"], row["numerator"], row["denominator"]) == (1.5, 3, 2)
    details = row["details"]
    assert (details["median"], details["silent"], details["silent_share"]) == (1.5, 1, 0.5)
    assert (details["inbound"], details["outbound"], details["by_kind"]["call"]) == (1, 1, {"interactions": 2})
    assert only(connection, ENGAGEMENT, 0, 10, 4)["denominator"] == 3, "she had not left yet"
    assert only(connection, ENGAGEMENT, 0, 2)["numerator"] == 2
    assert only(connection, ENGAGEMENT, 6, 9)["value"] == 0
    assert len(behind(connection, ENGAGEMENT, 0, 10)) == 4
    assert asked(connection, ENGAGEMENT, 0, 10, -1) == []


def test_a_retracted_interaction_never_was_and_a_corrected_one_is_as_it_was(connection: Connection) -> None:
    corrected = InteractionCorrected(interaction_id=TWO, kind="meeting")
    customer(connection, (ACTIVE, 0), (call(ONE), 1), (call(TWO), 1), (GONE, 2), (corrected, 3))
    row = only(connection, ENGAGEMENT)
    assert (row["value"], row["details"]["by_kind"]["meeting"]) == (1, {"interactions": 1})


def test_merged_customers_are_in_touch_as_one(connection: Connection) -> None:
    ann = customer(connection, (ACTIVE, 0), (call(), 1))
    bob = customer(connection, (ACTIVE, 0), (call(), 1))
    merge(connection, ann, bob)
    assert only(connection, ENGAGEMENT)["value"] == 2


# health


def test_health_is_what_is_known_of_four_signals(connection: Connection) -> None:
    company(
        connection,
        Company(
            life=[(ACTIVE, 0), (call(), 1), (rated(4), 2)],
            tickets=[[Told(OPENED, 0), Told(applied("resolution", 5), 0)]],
            agreed=[started(0, 100), downgraded(4, 60)],
        ),
    )
    row = asked(connection, HEALTH, as_of=10 * DAY, trend_days=Decimal(8))[0]
    assert row["value"] == 100 * (25 + 10 + 25 + 10) / 100
    assert (row["details"]["rule"], row["details"]["healthy"]) == ("health@1", 1)
    assert row["details"]["promises"] == {"mean": 10, "good": 0, "fair": 1, "poor": 0}
    assert len(behind(connection, HEALTH, as_of=10 * DAY)) == 5
    assert only(connection, HEALTH, as_of=4)["details"]["promises"]["good"] == 1, "it was not due yet"
    assert asked(connection, HEALTH, as_of=10 * DAY, trend_days=Decimal(2))[0]["details"]["revenue"]["good"] == 1
    assert only(connection, HEALTH, as_of=10 * DAY)["details"]["revenue"]["good"] == 1, "she did not pay then"
    late = only(connection, HEALTH, 0, 9999, 300 * DAY)
    assert [late["details"][name]["mean"] for name in ("contact", "rating", "revenue")] == [0, None, 25]


@pytest.mark.parametrize(
    ("one", "signal", "points"),
    [
        (Company([(ACTIVE, 0)]), "contact", 0),
        (Company([(ACTIVE, 0), (call(), 0)]), "contact", 25),
        (Company([(ACTIVE, 0), (call(), -1)]), "contact", 10),
        (Company([(ACTIVE, 0), (rated(5), 1), (rated(2), 2)]), "rating", 10),
        (Company([(ACTIVE, 0), (rated(1), 1)]), "rating", 0),
        (Company([(ACTIVE, 0)], agreed=[started(1, 50), upgraded(9, 80)]), "revenue", 25),
        (Company([(ACTIVE, 0)], agreed=[started(0, 50), cancelled(9)]), "revenue", 0),
        (
            Company([(ACTIVE, 0)], tickets=[[Told(OPENED, 0), Told(breached("resolution", 1), 2)]] * 2),
            "promises",
            0,
        ),
        (
            Company(
                [(ACTIVE, 0)],
                tickets=[[Told(OPENED, 0), Told(breached("resolution", 1), 2), Told(SOLVED, 3)]],
            ),
            "promises",
            25,
        ),
    ],
)
def test_each_signal_is_good_fair_or_poor(connection: Connection, one: Company, signal: str, points: int) -> None:
    company(connection, one)
    row = asked(connection, HEALTH, as_of=30 * DAY)[0]
    assert row["details"][signal]["mean"] == points
    assert signals(one, 1000, 30 * DAY, {"contact": 30, "rating": 180, "trend": 90})[signal] == points


# any history

LIFE: st.SearchStrategy[list[tuple[CustomerEvent, float]]] = st.lists(
    st.tuples(
        st.one_of(
            st.sampled_from([ACTIVE, LEFT, CustomerMarkedAtRisk(), CustomerArchived()]),
            st.builds(call, kind=st.sampled_from(["call", "note"])),
            st.builds(rated, st.integers(1, 5)),
            st.sampled_from([GONE, CORRECTED]),
        ),
        st.sampled_from([0.0, 1.0, 9.0, 30.0, 60.0, 100.0]),
    ),
    max_size=6,
)
AGREED: st.SearchStrategy[list[CustomerEvent]] = st.sampled_from(
    [[], [started(0, 50)], [started(1, 50), downgraded(3, 20)], [started(0, 50), cancelled(4)]]
)
TIMES = st.lists(st.sampled_from([1.0, 9.0, 30.0, 60.0, 90.0, 130.0]), min_size=3, max_size=3)
DAYS = {"contact": 1, "rating": 2, "trend": 2}


@st.composite
def companies(draw: st.DrawFn) -> Company:
    calls: list[tuple[CustomerEvent, float]] = [
        (ACTIVE, 0.0),
        (call(ONE), 1.0),
        (call(TWO), draw(st.sampled_from([2.0, 50.0]))),
    ]
    life = [*calls[: draw(st.integers(0, 3))], *draw(LIFE)]
    tickets: list[History] = draw(st.lists(lived(), max_size=2))
    return Company(life, tickets, draw(AGREED))


@for_all(told=st.lists(companies(), min_size=1, max_size=3), times=TIMES)
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
def test_every_figure_is_the_plain_count_over_events(
    shared: Connection, told: list[Company], times: list[float]
) -> None:
    first, end, as_of = sorted(times)[0], sorted(times)[1] + 0.1, times[2]
    segment = uuid4().hex
    for one in told:
        company(shared, one, segment)
    here = [one for one in told if is_active(one, end, as_of)]

    def found(slug: str, **days: Decimal) -> dict[str, Any]:  # Any: a row of any figure
        rows = asked(shared, slug, first, end, as_of, "segment", **days)
        return next((row for row in rows if row["group_key"] == segment), {})

    row = found(ENGAGEMENT)
    counts = [len(interactions(one, first, end, as_of)) for one in here]
    assert row.get("denominator", 0) == len(here)
    if here:
        assert (row["numerator"], row["details"]["median"]) == (sum(counts), median(counts))
        assert row["details"]["silent"] == counts.count(0)
        kinds = Counter(kind for one in here for kind, _ in interactions(one, first, end, as_of))
        assert {
            kind: part["interactions"] for kind, part in row["details"]["by_kind"].items() if part["interactions"]
        } == kinds
    row = found(HEALTH, **{f"{name}_days": Decimal(number) for name, number in DAYS.items()})
    points = [signals(one, end, as_of, DAYS) for one in here]
    assert row.get("sample_size", 0) == len(here)
    for name in ("contact", "promises", "rating", "revenue") if here else ():
        known = [each[name] for each in points if name in each]
        told_of = row["details"][name]
        assert [told_of["good"], told_of["fair"], told_of["poor"]] == [known.count(n) for n in (25, 10, 0)], name
    if here:
        assert float(row["value"]) == pytest.approx(mean(score(each) for each in points), abs=1e-5)
