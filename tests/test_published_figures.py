"""Published data, taken in by the ready mappings: the figures are those that others computed from the files."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from api.kpis import KpiResult
from api.kpis.asking import answer_as_of
from api.kpis.question import Asked
from projections.kpi import kpis
from projections.sight import EVERYTHING
from replay.follow import catch_up
from tests.api.importing import House, house

__all__ = ["house"]

pytestmark = pytest.mark.full

EXAMPLES = Path("docs/examples")


def take_in(house: House, kind: str, file: Path, example: str) -> None:
    """With days as the file writes them: whoever computed what is published knew of no time zone."""
    mapping = house.folder / example
    text = (EXAMPLES / example).read_text(encoding="utf-8")
    mapping.write_text(re.sub("^zone = .*$", 'zone = "UTC"', text, flags=re.MULTILINE), encoding="utf-8")
    house.take_in_file(kind, file, mapping)
    with house.store.following() as connection:
        catch_up(connection)


def asked(house: House, slug: str, first: date | None = None, end: date | None = None, **options: Any) -> KpiResult:
    return answer_as_of(house.store, kpis()[slug], Asked("UTC", first, end, sight=EVERYTHING, **options))


def next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def share(result: Any) -> tuple[int, int]:
    """Numerator and denominator. Any: a result, or one group of it."""
    return int(result.numerator), int(result.denominator)


def test_leads_of_a_marketplace_are_won_as_published(house: House, oracle_data: Path) -> None:
    folder = oracle_data / "olist_funnel"
    take_in(house, "leads", folder / "olist_marketing_qualified_leads_dataset.csv", "olist_leads.toml")
    take_in(house, "leads", folder / "olist_closed_deals_dataset.csv", "olist_deals.toml")
    of_all = asked(house, "conversion_by_source", parameters={"within_days": "3650"})
    assert (share(of_all), round(float(of_all.value or 0), 5)) == ((842, 8_000), 0.10525)
    assert {row["source"]: (row["leads"], row["won"]) for row in of_all.details["by_source"]} == {
        "organic_search": (2_296, 271),
        "paid_search": (1_586, 195),
        "social": (1_350, 75),
        "unknown": (1_099, 179),
        "direct_traffic": (499, 56),
        "email": (493, 15),
        "referral": (284, 24),
        "other": (150, 4),
        "display": (118, 6),
        "other_publicities": (65, 3),
        None: (60, 14),
    }
    cohorts = {"2017-06": (0, 4), "2017-07": (2, 239), "2017-08": (9, 386), "2017-09": (7, 312), "2017-10": (14, 416)}
    cohorts |= {"2017-11": (18, 445), "2017-12": (11, 200), "2018-01": (152, 1_141), "2018-02": (149, 1_028)}
    cohorts |= {"2018-03": (167, 1_174), "2018-04": (183, 1_352), "2018-05": (130, 1_303)}
    for month, of_month in cohorts.items():
        first = date.fromisoformat(f"{month}-01")
        found = asked(house, "lead_conversion_rate", first, next_month(first), parameters={"within_days": "3650"})
        assert share(found) == of_month, month
    won = {"2017-12": 3, "2018-01": 73, "2018-02": 113, "2018-03": 147, "2018-04": 207, "2018-05": 122}
    won |= {"2018-06": 57, "2018-07": 37, "2018-08": 33, "2018-09": 23, "2018-10": 21, "2018-11": 6}
    by_month = asked(house, "win_rate", group_by="month").groups or []
    assert {group.group: int(group.numerator or 0) for group in by_month} == won
    # one deal was won 1.181944 days before the first contact: that is no length of a cycle, and is told as excluded
    cycle = asked(house, "sales_cycle")
    assert (cycle.sample_size, cycle.excluded) == (841, 1)
    mean = (float(cycle.details["won"]["mean"]) * 841 - 1.181944) / 842
    assert round(mean, 5) == round(49.100459, 5)


def test_tickets_of_a_help_desk_are_solved_as_published(house: House, oracle_data: Path) -> None:
    take_in(house, "ticket-events", oracle_data / "helpdesk" / "helpdesk.csv", "helpdesk.toml")
    solved = asked(house, "resolution_time").details["first"]
    assert solved["count"] == 4_569
    assert (round(solved["mean"], 4), round(solved["median"], 4)) == (11.1225, 5.9831)
    assert asked(house, "backlog").value == 4_580 - 4_569
    opened = {2010: 977, 2011: 1_518, 2012: 1_412, 2013: 673}
    counted = house.rows("SELECT extract(year FROM opened_at)::int AS year, count(*) AS n FROM ticket GROUP BY 1")
    assert {row["year"]: row["n"] for row in counted} == opened


def test_customers_of_a_bank_answer_as_published(house: House, oracle_data: Path) -> None:
    take_in(house, "campaign-members", oracle_data / "bank_marketing" / "bank-full.csv", "bank_campaign.toml")
    rate = asked(house, "response_rate", group_by="channel")
    assert (share(rate), round(float(rate.value or 0), 10)) == ((5_289, 45_211), 0.1169848046)
    assert {group.group: share(group) for group in rate.groups or ()} == {
        "cellular": (4_369, 29_285),
        "telephone": (390, 2_906),
        "unknown": (530, 13_020),
    }
