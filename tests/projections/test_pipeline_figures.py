"""The figures about open leads at a moment: each equals the plain count over events, and its edge cases hold."""

from collections import Counter, defaultdict
from decimal import Decimal
from uuid import uuid4

from hypothesis import HealthCheck, settings
from hypothesis import given as for_all

from domain.lead import LeadAssigned, LeadProbabilityOverridden, LeadProductAdded, LeadValued
from eventstore.database import Connection
from projections.reading import Row
from tests.projections.lead_figures import by_currency, held, rounded, spread
from tests.projections.leads import (
    DAY,
    DISQUALIFIED,
    LOST,
    MERGED,
    PARTED,
    REOPENED,
    TIMES,
    WON,
    Told,
    asked,
    behind,
    expected,
    from_source,
    groups,
    histories,
    lead,
    money,
    moved,
    of_source,
    only,
    tell,
)

FIGURES = ("pipeline_as_of", "pipeline_value", "weighted_forecast", "lead_aging")
TEN = LeadValued(value=money("10"))


def test_a_lead_won_at_exactly_that_moment_is_won_and_the_past_stays(connection: Connection) -> None:
    lead(connection, (TEN, 1), (WON, 5), (REOPENED, 8))
    states = [only(connection, "pipeline_as_of", as_of=at)["details"] for at in (0, 4.9, 5, 8)]
    assert states == [
        {"open": {"leads": 1, "value": {}}},
        {"open": {"leads": 1, "value": {"EUR": 10}}},
        {"won": {"leads": 1, "value": {"EUR": 80}}},
        {"open": {"leads": 1, "value": {"EUR": 80}}},
    ]
    values = [sum(row["value"] for row in asked(connection, "pipeline_value", as_of=at)) for at in (1, 4.9, 5, 8)]
    assert values == [10, 10, 0, 80]
    assert [asked(connection, slug, as_of=-1) for slug in FIGURES] == [[]] * 4


def test_an_overridden_chance_beats_that_of_the_stage_until_the_next_stage(connection: Connection) -> None:
    judged = LeadProbabilityOverridden(probability=Decimal("0.75"))
    lead(connection, (TEN, 0), (moved("proposal"), 2), (judged, 4), (moved("negotiation"), 6))
    found = [only(connection, "weighted_forecast", as_of=at)["value"] for at in (0, 2, 4, 6)]
    assert found == [1, 6, Decimal("7.5"), 8]
    assert only(connection, "pipeline_value")["value"] == 10


def test_only_open_leads_with_an_amount_are_worth_something(connection: Connection) -> None:
    for closing in (WON, LOST, DISQUALIFIED, MERGED):
        lead(connection, (TEN, 0), (closing, 3))
    assert asked(connection, "weighted_forecast") == asked(connection, "pipeline_value") == []
    lead(connection)
    row = only(connection, "pipeline_value")
    assert (row["value"], row["sample_size"], row["excluded"]) == (None, 0, 1)
    lead(connection, (TEN, 0))
    row = only(connection, "weighted_forecast")
    assert (row["value"], row["sample_size"], row["excluded"]) == (1, 1, 1)


def test_a_merge_that_is_reverted_never_was(connection: Connection) -> None:
    lead(connection, (TEN, 0), (MERGED, 3), (PARTED, 5))
    assert [only(connection, slug)["value"] for slug in FIGURES[:3]] == [1, 10, 1]


def test_the_forecast_is_told_by_the_month_of_the_expected_close_and_what_is_overdue(connection: Connection) -> None:
    lead(connection, (TEN, 0), (expected(3), 0))
    lead(connection, (LeadValued(value=money("40")), 0), (expected(35), 0))
    lead(connection, (LeadValued(value=money("70")), 0))
    lead(connection, (expected(3), 0))
    details = only(connection, "pipeline_value", as_of=DAY * 1.5)["details"]
    assert details["by_expected_close"] == [
        {"month": "2026-03", "leads": 2, "value": {"EUR": 10}},
        {"month": "2026-04", "leads": 1, "value": {"EUR": 40}},
        {"month": None, "leads": 1, "value": {"EUR": 70}},
    ]
    assert details["overdue"] == {"leads": 0, "value": {}}, "its day is not over"
    late = only(connection, "weighted_forecast", as_of=DAY * 2)
    assert (late["value"], late["details"]["overdue"]) == (12, {"leads": 2, "value": {"EUR": 1}})
    assert groups(connection, "pipeline_value", "month") == {"2026-03": 10, "2026-04": 40, None: 70}


def test_currencies_are_not_added_up(connection: Connection) -> None:
    lead(connection, (TEN, 0))
    lead(connection, (LeadValued(value=money("20", "USD")), 0))
    row = only(connection, "pipeline_value")
    assert (row["value"], row["sample_size"]) == (None, 2)
    assert row["details"]["by_currency"] == {"EUR": {"value": 10, "deals": 1}, "USD": {"value": 20, "deals": 1}}
    assert only(connection, "pipeline_as_of")["details"]["open"]["value"] == {"EUR": 10, "USD": 20}


def test_a_lead_ages_from_its_last_entry_into_a_stage(connection: Connection) -> None:
    lead(connection, (moved("contacted"), DAY), (TEN, 2 * DAY), (moved("new"), 3 * DAY))
    lead(connection, (LOST, DAY), (REOPENED, 9 * DAY))
    row = only(connection, "lead_aging", as_of=10 * DAY)
    assert (row["value"], row["sample_size"]) == (Decimal("8.5"), 2)
    ages = {one["from_days"]: one["leads"] for one in row["details"]["by_age"]}
    assert ages == {0: 0, 7: 2, 14: 0, 30: 0, 60: 0, 90: 0}, "a class begins with its first day"
    assert only(connection, "lead_aging", as_of=24 * DAY)["details"]["by_age"][2]["leads"] == 2
    assert len(behind(connection, "lead_aging")) == 2
    assert only(connection, "lead_aging", as_of=3 * DAY)["value"] == 0


def test_open_leads_are_grouped_by_what_they_are(connection: Connection) -> None:
    added = (
        LeadProductAdded(product_id="roof", quantity=Decimal(1)),
        LeadProductAdded(product_id="wall", quantity=Decimal(1)),
    )
    lead(connection, (TEN, 0), (LeadAssigned(team="north"), 0), *((one, 0) for one in added), source="web")
    lead(connection, (TEN, 0), (moved("proposal"), 1))
    assert groups(connection, "pipeline_value", "team") == {"north": 10, None: 10}
    assert groups(connection, "pipeline_value", "source") == {"web": 10, None: 10}
    assert groups(connection, "pipeline_value", "product") == {"roof": 10, "wall": 10, None: 10}
    assert groups(connection, "weighted_forecast", "stage") == {"new": 1, "proposal": 6}
    assert groups(connection, "pipeline_as_of", "pipeline") == {"default": 2}


@for_all(histories=histories(), times=TIMES)
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
def test_every_figure_is_the_plain_count_over_events(
    shared: Connection, histories: list[list[Told]], times: list[float]
) -> None:
    as_of, source = times[0], f"s{uuid4().hex[:12]}"
    told = from_source(histories, source)
    for history in told:
        tell(shared, history)

    def found(slug: str) -> Row:
        return of_source(shared, slug, source, 0, 1000, as_of)

    states = [now for now in (held(history, as_of) for history in told) if now.status not in (None, "merged")]
    open_ones = [now for now in states if now.status == "open"]
    row = found("pipeline_as_of")
    by_status = {status: group["leads"] for status, group in row["details"].items()} if row else {}
    assert by_status == Counter(now.status for now in states)
    for status in by_status:
        amounts = by_currency([now for now in states if now.status == status])
        assert {name: Decimal(str(value)) for name, value in row["details"][status]["value"].items()} == amounts

    for slug, worth in (("pipeline_value", "amount"), ("weighted_forecast", "weighted")):
        row = found(slug)
        assert bool(row) == bool(open_ones)
        if not row:
            continue
        priced = [now for now in open_ones if now.value and (worth == "amount" or now.probability is not None)]
        sums = by_currency(priced, worth)
        assert {name: Decimal(str(part["value"])) for name, part in row["details"]["by_currency"].items()} == sums
        assert row["value"] == (next(iter(sums.values())) if len(sums) == 1 else None)
        assert (row["sample_size"], row["excluded"]) == (len(priced), len(open_ones) - len(priced))
        months = defaultdict(list)
        for now in open_ones:
            months[now.expected_close and f"{now.expected_close:%Y-%m}"].append(now)
        assert {one["month"]: one["leads"] for one in row["details"]["by_expected_close"]} == {
            month: len(leads) for month, leads in months.items()
        }
        today = expected(2 + int((as_of + 9) // 24)).expected_close
        late = [now for now in open_ones if now.expected_close and now.expected_close < today]
        assert row["details"]["overdue"]["leads"] == len(late)

    row = found("lead_aging")
    ages = [(as_of - now.stage_since) / DAY for now in open_ones if now.stage]
    assert (rounded(row["details"]) if row else spread([])) == spread(ages)
