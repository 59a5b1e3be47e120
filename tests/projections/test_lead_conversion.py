"""Which leads that come in are won: each figure equals the plain count over events, and its edge cases hold."""

from decimal import Decimal
from uuid import uuid4

from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.campaign import CampaignPlanned
from eventstore.database import Connection
from tests.projections.lead_figures import captured_at, held, share
from tests.projections.leads import (
    DAY,
    DISQUALIFIED,
    LOST,
    MERGED,
    REOPENED,
    TIMES,
    WON,
    Told,
    asked,
    from_source,
    histories,
    lead,
    of_source,
    only,
    tell,
)
from tests.projections.records import told

FIGURES = ("lead_conversion_rate", "conversion_by_source")


def rate(
    connection: Connection, first: float = 0, end: float = 1000, as_of: float = 1000, within_days: int | None = None
) -> list[Decimal | None]:
    """What both figures say, which is the same."""
    found = [asked(connection, slug, first, end, as_of, within_days=within_days) for slug in FIGURES]
    return [rows[0]["value"] if rows else None for rows in found]


def test_a_lead_is_converted_when_it_is_won_within_so_many_days_of_its_capture(connection: Connection) -> None:
    lead(connection, (WON, 2 * DAY))
    lead(connection, (LOST, 2 * DAY))
    lead(connection)
    lead(connection, (WON, 3 * DAY + 1))
    half, quarter = Decimal("0.5"), Decimal("0.25")
    assert rate(connection) == [half, half]
    assert rate(connection, within_days=3) == [quarter, quarter]
    assert rate(connection, within_days=2) == [quarter, quarter], "the last day counts in full"
    assert rate(connection, within_days=1) == [0, 0]
    assert rate(connection, 0, 1000, 2 * DAY - 1) == [0, 0], "not won by then"


def test_none_captured_is_no_share_and_the_period_is_that_of_the_capture(connection: Connection) -> None:
    assert rate(connection) == [None, None]
    lead(connection, (WON, 30), at=10)
    assert rate(connection, 0, 10) == [None, None]
    assert rate(connection, 10, 11) == [1, 1]
    row = only(connection, "lead_conversion_rate", 20)
    assert row["details"]["cohort"] == {"value": None, "numerator": 0, "denominator": 0}
    assert row["details"]["period"] == {"value": None, "numerator": 1, "denominator": 0}
    assert asked(connection, "conversion_by_source", 20) == []


def test_the_period_form_counts_wins_of_the_period_whenever_they_came_in(connection: Connection) -> None:
    lead(connection, (WON, 5 * DAY))
    lead(connection, (WON, 6 * DAY), at=4 * DAY)
    lead(connection, at=4 * DAY)
    row = only(connection, "lead_conversion_rate", 4 * DAY, 6 * DAY, 5.5 * DAY)
    assert (row["value"], row["details"]["period"]["value"]) == (0, 0.5)


def test_junk_and_duplicates_leave_the_denominator(connection: Connection) -> None:
    lead(connection, (WON, 1))
    lead(connection, (DISQUALIFIED, 1))
    lead(connection, (MERGED, 1))
    assert rate(connection) == [1, 1]
    rows = [only(connection, slug) for slug in FIGURES]
    assert [(row["denominator"], row["excluded"]) for row in rows] == [(1, 1), (1, 1)]


def test_a_reopened_lead_keeps_its_first_capture(connection: Connection) -> None:
    lead(connection, (LOST, DAY), (REOPENED, 5 * DAY), (WON, 9 * DAY))
    assert rate(connection, within_days=9) == [1, 1]
    assert rate(connection, within_days=8) == [0, 0]
    assert rate(connection, 1) == [None, None], "it was captured before"


def test_a_lead_won_before_it_was_captured_was_won_in_time(connection: Connection) -> None:
    lead(connection, (WON, 3), at=9)
    assert rate(connection) == [1, 1]


def test_an_immature_cohort_says_so(connection: Connection) -> None:
    lead(connection)
    lead(connection, (WON, 3 * DAY), at=2 * DAY)
    parts = [only(connection, FIGURES[0], 0, 3 * DAY, days * DAY, 5)["details"] for days in (6.9, 7, 8)]
    assert [(part["immature"], part["is_mature"]) for part in parts] == [(1, False), (0, False), (0, True)]
    listed = only(connection, FIGURES[1], 0, 3 * DAY, 6.9 * DAY, 5)["details"]["by_source"]
    assert [one["immature"] for one in listed] == [1]


def test_every_source_and_campaign_and_those_without_are_listed(connection: Connection) -> None:
    campaign_id, _ = told(connection, "campaign", CampaignPlanned(name="Spring roofs"))
    for source, closing in (("web", WON), ("web", LOST), ("fair", WON), (None, LOST)):
        lead(connection, (closing, 1), source=source)
    lead(connection, source="web", campaign_id=campaign_id)
    row = only(connection, "conversion_by_source")
    assert row["value"] == Decimal("0.4")
    listed = [(one["source"], one["campaign"], one["won"], one["leads"]) for one in row["details"]["by_source"]]
    assert listed == [("web", None, 1, 2), ("fair", None, 1, 1), ("web", "Spring roofs", 0, 1), (None, None, 0, 1)]
    assert row["details"]["by_source"][0]["value"] == 0.5
    labels = {row["group_label"]: row["value"] for row in asked(connection, FIGURES[0], group_by="campaign")}
    assert labels == {"Spring roofs": 0, None: Decimal("0.5")}


@for_all(histories=histories(), times=TIMES, within=st.integers(1, 3))
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
def test_conversion_is_the_plain_count_over_events(
    shared: Connection, histories: list[list[Told]], times: list[float], within: int
) -> None:
    first, end, as_of = sorted(times)[0], sorted(times)[1] + 0.1, times[2]
    source = f"s{uuid4().hex[:12]}"
    leads = from_source(histories, source)
    for history in leads:
        tell(shared, history)
    states = [(held(history, as_of), captured_at(history)) for history in leads]
    there = [(now, came) for now, came in states if now.status != "merged"]
    cohort = [(now, came) for now, came in there if first <= came < end and came <= as_of]
    good = [(now, came) for now, came in cohort if now.status != "disqualified"]
    won = sum(now.status == "won" and now.since - came <= within * DAY for now, came in good)
    in_period = sum(now.status == "won" and first <= now.since < end for now, _ in there)
    young = sum(came + within * DAY > as_of for _, came in good)

    row = of_source(shared, FIGURES[0], source, first, end, as_of, within)
    assert bool(row) == bool(cohort or in_period)
    if row:
        assert (row["numerator"], row["denominator"], row["excluded"]) == (won, len(good), len(cohort) - len(good))
        assert row["value"] == share(won, len(good))
        assert (row["details"]["period"]["numerator"], row["details"]["immature"]) == (in_period, young)
    row = of_source(shared, FIGURES[1], source, first, end, as_of, within)
    listed = row["details"]["by_source"] if row else []
    assert [(one["won"], one["leads"], one["immature"]) for one in listed] == [(won, len(good), young)] * bool(cohort)
