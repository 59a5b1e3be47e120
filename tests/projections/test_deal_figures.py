"""The figures about deals that were closed: each equals the plain count over events, and its edge cases hold."""

from collections import Counter
from decimal import Decimal
from uuid import uuid4

from hypothesis import HealthCheck, settings
from hypothesis import given as for_all

from domain.lead import LeadAssigned, LeadLost, LeadProductAdded, LeadValued, LeadWon
from eventstore.database import Connection
from projections.reading import Row
from tests.projections.lead_figures import by_currency, closed, held, rounded, share, spread
from tests.projections.leads import (
    DAY,
    DISQUALIFIED,
    LOST,
    MERGED,
    QUALIFIED,
    RECYCLED,
    REOPENED,
    TIMES,
    WON,
    Told,
    asked,
    behind,
    from_source,
    groups,
    histories,
    lead,
    money,
    of_source,
    only,
    tell,
)

DOLLARS = LeadWon(value=money("20", "USD"))


# win rate


def test_open_and_disqualified_leads_are_neither_won_nor_lost(connection: Connection) -> None:
    assert asked(connection, "win_rate") == []
    lead(connection)
    lead(connection, (DISQUALIFIED, 1))
    lead(connection, (WON, 1), (MERGED, 2))
    assert asked(connection, "win_rate") == [], "no deal closed is no share"
    lead(connection, (WON, 1))
    lead(connection, (LOST, 1))
    row = only(connection, "win_rate")
    assert (row["value"], row["numerator"], row["denominator"]) == (Decimal("0.5"), 1, 2)


def test_a_reopened_lead_counts_by_its_last_outcome_as_of_then(connection: Connection) -> None:
    lead(connection, (LOST, 10), (REOPENED, 30), (WON, 50))
    assert only(connection, "win_rate", as_of=10)["value"] == 0
    assert asked(connection, "win_rate", as_of=30) == []
    assert only(connection, "win_rate", as_of=50)["value"] == 1
    assert asked(connection, "win_rate", 0, 50) == [], "the end of the period is not in it"
    assert only(connection, "win_rate", 50, 51)["value"] == 1, "its beginning is"
    assert only(connection, "win_rate", 0, 30, 29)["value"] == 0, "what was known of a past period stays"


def test_the_win_rate_by_value_and_the_reasons(connection: Connection) -> None:
    lead(connection, (WON, 1))
    for reason in ("price", "price", "time", None):
        lead(connection, (LeadValued(value=money("40")), 0), (LeadLost(reason=reason), 1))
    details = only(connection, "win_rate")["details"]
    assert details["by_value"] == round(80 / 240, 10)
    assert details["by_reason"] == [
        {"reason": "price", "lost": 2},
        {"reason": "time", "lost": 1},
        {"reason": None, "lost": 1},
    ]
    lead(connection, (DOLLARS, 1))
    assert only(connection, "win_rate")["details"]["by_value"] is None, "currencies are not added up"


def test_only_the_most_frequent_reasons_are_listed(connection: Connection) -> None:
    for number in range(22):
        lead(connection, (LeadLost(reason=f"reason {number:02}"), 1))
    lead(connection, (LeadLost(reason="reason 21"), 1))
    reasons = only(connection, "win_rate")["details"]["by_reason"]
    assert [one["reason"] for one in reasons] == ["reason 21", *(f"reason {number:02}" for number in range(19))]


def test_deals_are_grouped_by_what_they_are(connection: Connection) -> None:
    roof, wall = (LeadProductAdded(product_id=name, quantity=Decimal(1)) for name in ("roof", "wall"))
    lead(connection, (roof, 0), (wall, 0), (LeadAssigned(team="north"), 0), (WON, 2 * DAY), source="web")
    lead(connection, (wall, 0), (LOST, 30 * DAY))
    assert groups(connection, "win_rate", "product") == {"roof": 1, "wall": Decimal("0.5")}
    assert groups(connection, "win_rate", "team") == {"north": 1, None: 0}
    assert groups(connection, "win_rate", "source") == {"web": 1, None: 0}
    assert groups(connection, "sales_cycle", "month") == {"2026-03": 2, "2026-04": 30}


# average deal size


def test_wins_without_an_amount_are_excluded_and_counted(connection: Connection) -> None:
    for amount in ("10", "20", "90"):
        lead(connection, (LeadWon(value=money(amount)), 1))
    lead(connection, (LeadWon(), 1))
    row = only(connection, "average_deal_size")
    assert (row["value"], row["denominator"], row["excluded"]) == (40, 3, 1)
    assert row["details"]["by_currency"]["EUR"]["median"] == 20
    lead(connection, (DOLLARS, 1))
    row = only(connection, "average_deal_size")
    assert (row["value"], row["numerator"], row["denominator"]) == (None, None, 4)
    assert {name: part["mean"] for name, part in row["details"]["by_currency"].items()} == {"EUR": 40, "USD": 20}


def test_a_win_without_an_amount_of_its_own_is_worth_what_the_lead_was(connection: Connection) -> None:
    lead(connection, (LeadValued(value=money("10")), 1), (LeadWon(), 2))
    assert only(connection, "average_deal_size")["value"] == 10


# sales cycle


def test_won_lost_and_both_are_told_apart_and_the_open_ones_counted(connection: Connection) -> None:
    lead(connection, (WON, 2 * DAY))
    lead(connection, (LOST, 5 * DAY))
    lead(connection, (WON, 0))
    lead(connection)
    row = only(connection, "sales_cycle")
    assert (row["sample_size"], row["details"]["open"]) == (3, 1)
    medians = {kind: row["details"][kind]["median"] for kind in ("won", "lost", "both")}
    assert medians == {"won": 1, "lost": 5, "both": 2}, "same-day deals count as they are"
    assert len(behind(connection, "sales_cycle")) == 3


def test_a_cycle_ends_with_the_last_outcome_and_not_before_it_began(connection: Connection) -> None:
    lead(connection, (LOST, DAY), (REOPENED, 2 * DAY), (WON, 6 * DAY))
    lead(connection, (WON, 3), at=9)
    row = only(connection, "sales_cycle")
    assert (row["value"], row["sample_size"], row["excluded"]) == (6, 1, 1)
    lead(connection)
    row = only(connection, "sales_cycle", 900)
    assert (row["value"], row["details"]["open"]) == (None, 1)


# sales velocity


def test_velocity_is_made_of_its_four_levers(connection: Connection) -> None:
    lead(connection, (QUALIFIED, 1))
    lead(connection, (QUALIFIED, 1), (LOST, 2), (RECYCLED, 3))
    lead(connection, (LeadWon(value=money("30")), 2 * DAY))
    lead(connection, (LeadWon(value=money("10")), 4 * DAY))
    lead(connection, (LeadWon(), 4 * DAY))
    lead(connection, (LOST, 6 * DAY))
    row = only(connection, "sales_velocity")
    assert (row["value"], row["sample_size"], row["excluded"]) == (Decimal("3.75"), 5, 1), "1 × 20 × 3/4 / 4"
    assert row["details"]["qualified_open"] == 1, "who was recycled is not qualified any more"
    names = ("win_rate", "average_deal_size", "sales_cycle")
    assert {name: row["details"][name] for name in names} == {
        name: float(only(connection, name)["value"]) for name in names
    }
    assert len(behind(connection, "sales_velocity")) == 5


def test_open_are_those_of_the_end_of_the_period(connection: Connection) -> None:
    lead(connection, (QUALIFIED, 1), (LOST, 50))
    lead(connection, (WON, DAY))

    def opened(end: float, as_of: float = 1000) -> int:
        return only(connection, "sales_velocity", 0, end, as_of)["details"]["qualified_open"]  # type: ignore[no-any-return]  # a count

    assert [opened(end) for end in (50, 50.1, 1000)] == [1, 0, 0], "the end of the period is not in it"
    assert [opened(1000, as_of) for as_of in (30, 49.9, 50)] == [1, 1, 0]
    lead(connection, (QUALIFIED, 1), (MERGED, 60))
    assert [opened(55, as_of) for as_of in (59, 61)] == [1, 0], "whoever was merged by now, was one with the other"


def test_without_one_of_the_four_there_is_no_velocity(connection: Connection) -> None:
    lead(connection, (QUALIFIED, 1))
    assert only(connection, "sales_velocity")["value"] is None
    lead(connection, (WON, 0))
    assert only(connection, "sales_velocity")["value"] is None, "a cycle of no time"
    lead(connection, (WON, 2 * DAY))
    lead(connection, (WON, 3), at=9)
    assert only(connection, "sales_velocity")["value"] == 80, "nor one that ended before it began"
    lead(connection, (DOLLARS, DAY))
    row = only(connection, "sales_velocity")
    assert row["value"] is row["details"]["average_deal_size"] is None
    assert {name: part["value"] for name, part in row["details"]["by_currency"].items()} == {"EUR": 0, "USD": 0}, (
        "the qualified lead has no currency"
    )


@for_all(histories=histories(), times=TIMES)
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
def test_every_figure_is_the_plain_count_over_events(
    shared: Connection, histories: list[list[Told]], times: list[float]
) -> None:
    first, end, as_of = sorted(times)[0], sorted(times)[1] + 0.1, times[2]
    source = f"s{uuid4().hex[:12]}"
    told = from_source(histories, source)
    for history in told:
        tell(shared, history)

    def found(slug: str) -> Row:
        return of_source(shared, slug, source, first, end, as_of)

    deals = closed(told, first, end, as_of)
    won = [now for now, _ in deals if now.status == "won"]
    row = found("win_rate")
    assert (row.get("numerator", 0), row.get("denominator", 0)) == (len(won), len(deals))
    rate = share(len(won), len(deals))
    assert row.get("value") == rate

    row = found("average_deal_size")
    priced = [now for now in won if now.value]
    sums, counts = by_currency(priced), Counter(now.value.currency for now in priced if now.value)
    size = round(next(iter(sums.values())) / len(priced), 6) if len(sums) == 1 else None
    assert row.get("value") == size
    assert (row.get("denominator", 0), row.get("excluded", 0)) == (len(priced), len(won) - len(priced))
    if row:
        means = {name: round(part["mean"], 6) for name, part in row["details"]["by_currency"].items()}
        assert means == {name: round(float(total / counts[name]), 6) for name, total in sums.items()}

    row = found("sales_cycle")
    states = [held(history, as_of) for history in told]
    open_ones = [now for now in states if now.status == "open"]
    assert bool(row) == bool(deals or open_ones)
    days = {"both": [(now, hours / DAY) for now, hours in deals if hours >= 0]}
    days |= {status: [(now, one) for now, one in days["both"] if now.status == status] for status in ("won", "lost")}
    if row:
        for kind, values in days.items():
            assert rounded(row["details"][kind]) == spread([one for _, one in values]), kind
        assert (row["details"]["open"], row["excluded"]) == (len(open_ones), len(deals) - len(days["both"]))

    row = found("sales_velocity")
    until = min(end - 1e-6, as_of)
    ends = [held(history, until) for history, now in zip(told, states, strict=True) if now.status != "merged"]
    qualified = [now for now in ends if now.status == "open" and now.is_qualified]
    assert row.get("details", {}).get("qualified_open", 0) == len(qualified)
    cycle = sum(one for _, one in days["both"])
    if size is None or not rate or not cycle:
        assert not row.get("value")
    else:
        mean_cycle = cycle / len(days["both"])
        mean_size = float(sum(sums.values(), Decimal(0)) / len(priced))
        velocity = len(qualified) * mean_size * len(won) / len(deals) / mean_cycle
        assert round(float(row["value"]), 5) == round(velocity, 5)
