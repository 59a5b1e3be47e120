"""Figures of the customers there are, who came and who left: each is what the rules make of every customer's events."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from hypothesis import HealthCheck, example, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from api.kpis import KpiGroup, KpiResult, ask
from api.past import Axis
from domain.customer import (
    Customer,
    CustomerActivated,
    CustomerArchived,
    CustomerChurned,
    CustomerClassified,
    CustomerEvent,
    CustomerMarkedAtRisk,
    CustomerPurchaseRecorded,
    CustomerRegistered,
    CustomerRestored,
    CustomerWonBack,
    evolve,
)
from domain.money import Money
from eventstore.database import Connection
from eventstore.fence import horizon
from projections.kpi import Question, counted_positions, kpis
from projections.sight import EVERYTHING
from replay.asof import models_of
from replay.follow import advance
from tests.projections.customer_facts import day, merge, revert
from tests.projections.records import tell

FIGURES = ("active_customers", "new_customers", "customer_churn_rate", "customer_retention_rate")
TOTAL = Money(amount=Decimal(10), currency="EUR")
ACTIVE, RISKY, BACK, GONE, HERE = (
    CustomerActivated(),
    CustomerMarkedAtRisk(),
    CustomerWonBack(),
    CustomerArchived(),
    CustomerRestored(),
)
Life = Sequence[tuple[float, CustomerEvent]]


def bought() -> CustomerPurchaseRecorded:
    return CustomerPurchaseRecorded(purchase_id=uuid4(), total=TOTAL)


def left() -> CustomerChurned:
    return CustomerChurned(kind="said", effective_on=day(0).date())


def lived(connection: Connection, *life: tuple[float, CustomerEvent], segment: str = "smb") -> tuple[UUID, list[int]]:
    """A new customer to whom this happened on these days; returns her id and the positions of the events."""
    customer_id = uuid4()
    at = [day(0) + timedelta(days=number) for number, _ in life]
    first = CustomerRegistered(kind="person", name="Ann Example"), CustomerClassified(segment=segment)
    _, _, *positions = tell(
        connection, customer_id, *first, *(event for _, event in life), at=[day(-9), day(-9), *at]
    )  # fmt: skip
    return customer_id, positions


def figure(
    connection: Connection,
    slug: str,
    first: int | None = 10,
    end: int | None = 20,
    as_of: datetime | None = None,
    group_by: str | None = None,
    **parameters: str,
) -> KpiResult:
    for model in models_of(kpis()[slug].relation.reads):
        advance(connection, model, horizon(connection))
    days = [None if number is None else day(number).date() for number in (first, end)]
    axis: Axis | None = "occurred" if as_of else None
    return ask(
        connection,
        kpis()[slug],
        "UTC",
        days[0],
        days[1],
        as_of,
        axis,
        group_by,
        parameters=parameters,
        sight=EVERYTHING,
    )


def definitions(result: KpiResult | KpiGroup) -> dict[str, object]:
    return {name: result.details[name]["value"] for name in ("start_base", "stripe", "cohort")}


def test_the_published_example_of_three_definitions(connection: Connection) -> None:
    for number in range(100):
        lived(connection, (0, bought()), *([(12, left())] if number < 8 else []))
    for number in range(20):
        lived(connection, (11, bought()), *([(15, left())] if number < 2 else []))
    churn = figure(connection, "customer_churn_rate")
    assert definitions(churn) == {"start_base": 0.1, "stripe": 0.0833333333, "cohort": 0.08}
    assert [churn.value, churn.numerator, churn.denominator, churn.details["said"]] == [Decimal("0.1"), 10, 100, 10]
    assert figure(connection, "customer_retention_rate").value == Decimal("0.92")
    assert figure(connection, "active_customers").value == 110
    assert figure(connection, "new_customers").value == 20


def test_who_left_and_came_back_churned_but_is_retained(connection: Connection) -> None:
    lived(connection, (0, bought()), (12, left()), (13, BACK), (14, left()), (15, BACK))
    lived(connection, (0, bought()), (3, RISKY))
    churn = figure(connection, "customer_churn_rate")
    assert definitions(churn) == {"start_base": 0.5, "stripe": 0.5, "cohort": 0}
    assert figure(connection, "customer_retention_rate").value == 1
    assert figure(connection, "active_customers").details == {"active": 0, "at_risk": 1, "won_back": 1}
    assert figure(connection, "new_customers").value == 0


def test_prospects_and_archived_customers_are_not_active(connection: Connection) -> None:
    lived(connection)
    lived(connection, (0, bought()), (12, GONE))
    lived(connection, (0, bought()), (1, GONE), (12, HERE))
    churn = figure(connection, "customer_churn_rate")
    assert definitions(churn) == {"start_base": 0, "stripe": 0, "cohort": 1}, "put away, not lost"
    assert figure(connection, "active_customers").value == 1
    assert figure(connection, "new_customers").value == 0, "she was a customer before"


def test_the_first_moment_belongs_to_the_period_and_the_end_does_not(connection: Connection) -> None:
    lived(connection, (10, bought()), (20, left()))
    assert [figure(connection, "new_customers", *days).value for days in ((10, 20), (9, 10), (11, 20))] == [1, 0, 0]
    assert figure(connection, "customer_churn_rate", 15, 20).value == 0
    assert figure(connection, "customer_churn_rate", 20, 25).value == 1
    assert figure(connection, "customer_churn_rate", 10, 25).value is None, "nobody was there at the start"
    assert figure(connection, "active_customers", None, None, day(10)).value == 1
    assert figure(connection, "active_customers", None, None, day(10) - timedelta(seconds=1)).value == 0
    assert [figure(connection, "active_customers", None, end).value for end in (10, 20, 21)] == [0, 1, 0]


def test_without_customers_there_is_no_share(connection: Connection) -> None:
    assert [figure(connection, slug).value for slug in FIGURES] == [0, 0, None, None]


def test_merged_customers_count_once_until_the_merge_is_reverted(connection: Connection) -> None:
    ann, _ = lived(connection, (0, bought()))
    bob, _ = lived(connection, (12, bought()), segment="enterprise")
    assert [figure(connection, slug).value for slug in FIGURES[:2]] == [2, 1]
    merge_id = merge(connection, ann, bob)
    assert [figure(connection, slug).value for slug in FIGURES[:2]] == [1, 0]
    groups = figure(connection, "active_customers", group_by="segment").groups or []
    assert {group.group: group.value for group in groups} == {"enterprise": 1}
    revert(connection, merge_id, ann, bob)
    assert [figure(connection, slug).value for slug in FIGURES[:2]] == [2, 1]


def test_a_figure_leads_on_to_the_events_behind_it(connection: Connection) -> None:
    _, (bought_at, *_) = lived(connection, (0, bought()), (1, CustomerClassified(segment="smb")))
    _, (_, left_at) = lived(connection, (11, bought()), (15, left()))
    lived(connection)
    figure(connection, "active_customers")
    question = Question(day(10), day(20), day(90), "UTC")
    found = {slug: counted_positions(connection, kpis()[slug], question, 0, 100, sight=EVERYTHING) for slug in FIGURES}
    assert found == {
        "active_customers": [bought_at],
        "new_customers": [left_at - 1],
        "customer_churn_rate": [bought_at, left_at - 1, left_at],
        "customer_retention_rate": [bought_at],
    }


# Every figure equals a fold over the events

what: st.SearchStrategy[CustomerEvent] = st.one_of(
    st.builds(bought), st.builds(left), st.sampled_from([ACTIVE, RISKY, BACK, GONE, HERE])
)
lives = st.lists(st.tuples(st.integers(0, 9), what), max_size=6)


@dataclass
class Told:
    """What became of one customer in a period."""

    at_start: bool = False
    is_new: bool = False
    has_left: bool = False
    at_end: bool = False


@for_all(
    histories=st.lists(lives, min_size=3, max_size=3),
    are_merged=st.booleans(),
    first=st.none() | st.integers(0, 9),
    length=st.integers(1, 9),
    as_of=st.integers(-1, 10),
)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@example(histories=[[(0, bought()), (1, left())], [], []], are_merged=False, first=2, length=1, as_of=0)
def test_every_figure_is_what_the_rules_make_of_the_events(
    connection: Connection, histories: list[Life], are_merged: bool, first: int | None, length: int, as_of: int
) -> None:
    segment = uuid4().hex
    ids = [lived(connection, *life, segment=segment)[0] for life in histories]
    if are_merged:
        merge(connection, ids[0], ids[1])
    # of merged customers, what is known of the survivor holds first
    customers = [[histories[1], histories[0]], [histories[2]]] if are_merged else [[life] for life in histories]
    end = None if first is None else first + length
    told = [of_customer(lives, first, end, as_of + 0.5) for lives in customers]
    moment = datetime.combine(day(as_of).date(), time(12), day(0).tzinfo)
    found = {slug: of_segment(figure(connection, slug, first, end, moment, "segment"), segment) for slug in FIGURES}
    base = [one for one in told if one.at_start]
    churned, gained = sum(one.has_left for one in told), sum(one.is_new for one in told)
    assert (found["active_customers"].value if found["active_customers"] else 0) == sum(one.at_end for one in told)
    assert (found["new_customers"].value if found["new_customers"] else 0) == gained
    kept = share(sum(one.at_end for one in base), len(base))
    assert (found["customer_retention_rate"].value if found["customer_retention_rate"] else None) == kept
    rates = definitions(found["customer_churn_rate"]) if found["customer_churn_rate"] else {}
    expected = {
        "start_base": share(churned, len(base)),
        "stripe": share(churned, len(base) + gained),
        "cohort": share(sum(not one.at_end for one in base), len(base)),
    }
    assert {name: exact(rates.get(name)) for name in expected} == expected
    if base:
        assert round((kept or 0) + exact(rates["cohort"]), 9) == 1  # type: ignore[operator]  # there is a base


def of_segment(result: KpiResult, segment: str) -> KpiGroup | None:
    return next((group for group in result.groups or [] if group.group == segment), None)


def share(part: int, whole: int) -> Decimal | None:
    return round(Decimal(part) / whole, 10) if whole else None


def exact(value: object) -> Decimal | None:
    return None if value is None else round(Decimal(str(value)), 10)


def of_customer(lives: Sequence[Life], first: int | None, end: int | None, as_of: float) -> Told:
    """One customer's events, those of the survivor first, give what became of her up to the end or the moment."""
    told, was_active, ever = Told(), False, False
    for number in range(-9, 10):
        if number > as_of or (end is not None and number >= end):
            break
        status, is_active = state(lives, number)
        within = first is None or number >= first
        told.is_new |= within and is_active and not ever
        told.has_left |= within and was_active and status == "churned"
        ever |= is_active
        was_active = told.at_end = is_active
        if not within:
            told.at_start = is_active
    return told


def state(lives: Sequence[Life], until: int) -> tuple[str, bool]:
    """What is known of her on a day, by what was recorded of the days up to it, and whether she is active."""
    known = []
    for life in lives:
        customer = Customer()
        for number, event in life:
            if number <= until:
                customer = evolve(customer, event)
        known.append(customer)
    status = next((one.status for one in known if one.status != "prospect"), "prospect")
    return status, status in ("active", "at_risk") and not known[0].is_archived
