"""The figures at a glance: of the last month or quarter that is over, beside the one before, with their course."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape

from fastapi.testclient import TestClient

from api.console.plot import sparkline
from api.console.shapes import _curve
from api.kpis.publishing import Target, publish
from api.store import Store
from eventstore.database import connect
from projections.kpi import AREAS, kpis
from replay.follow import catch_up
from tests.api.console import closed, said
from tests.api.customer_base import FIRST, bought, lived
from tests.facts import captured, given


def test_each_figure_is_of_the_last_month_beside_the_one_before(store: Store, browser: TestClient) -> None:
    today = datetime.now(UTC)
    last = today.replace(day=1) - timedelta(days=5)
    earlier = last.replace(day=1) - timedelta(days=5)
    for won in (True, True, True, False):
        closed(store, won=won, days_ago=(today - last).days)
    closed(store, won=False, days_ago=(today - earlier).days)
    with connect(store.conninfo) as connection:
        given(connection, captured(source="web"), at=[last])
    publish(store, kpis()["win_rate"], {}, Target(Decimal("0.5")))
    closed(store, won=False, days_ago=0)
    page = browser.get("/console/kpis?area=sales")
    text = said(page)
    assert f"Of {last:%B %Y}, beside {earlier:%B %Y}" in text
    assert re.search(r"Win rate 75.0 % [–, %.\d]+ Before: 0.0 % \(\+75.0 points\) Target: at least 50.0 % met", text)
    assert "Sales cycle 10.0 days" in text
    assert "Average deal size 100 EUR" in text
    assert re.search(r"Pipeline as of a moment [12] leads", text)
    assert '<polyline points="90.91,100 100,0"/>' in page.text
    for slug in ("win_rate", "pipeline_as_of"):
        (link,) = re.findall(rf'href="(/console/kpis/{slug}[^"]*)"', page.text)
        (value,) = re.findall(rf"{kpis()[slug].title} ([\d.]+)", text)
        assert f"{kpis()[slug].title} {value} " in said(browser.get(unescape(link))), "its page says the same"


def test_figures_stand_by_what_they_are_about_and_each_area_is_fetched_when_it_is_looked_at(
    browser: TestClient,
) -> None:
    page = browser.get("/console/kpis?every=quarter")
    assert re.findall(r'<h2 id="(\w+)-title" class="area"', page.text) == list(AREAS)
    assert {kpi.title for kpi in kpis().values()} == set(map(unescape, re.findall(r"<h3>([^<]+)", page.text)))
    fetched = re.findall(r'hx-get="([^"]+)" hx-trigger="revealed"', page.text)
    links = re.findall(r'<h2 [^>]*><a href="([^"]+)"', page.text)
    assert fetched == links, "who has no script follows the link"
    for area, link in zip(AREAS, links, strict=True):
        own = browser.get(unescape(link)).text
        assert re.findall(r'<section id="(\w+)"', own) == [area] and "revealed" not in own
        assert len(re.findall("<h3>", own)) == sum(kpi.area == area for kpi in kpis().values())
        assert "…" not in own and "Last quarter" in re.findall(r'aria-current="true">([^<]+)<', own)
    assert browser.get("/console/kpis?area=weather").text.count("<h3>") == len(kpis())


def test_or_of_the_last_quarter(store: Store, browser: TestClient) -> None:
    with connect(store.conninfo) as connection:
        catch_up(connection)
    page = browser.get("/console/kpis?every=quarter&area=sales")
    assert re.search(r"Of quarter [1-4] of \d{4}, beside quarter [1-4] of \d{4}", said(page))
    assert "Last quarter" in re.findall(r'aria-current="true">([^<]+)<', page.text)
    assert "Win rate –" in said(page)


def test_a_figures_page_says_its_target(store: Store, browser: TestClient) -> None:
    publish(store, kpis()["win_rate"], {}, Target(Decimal("0.25")))
    closed(store, won=True, days_ago=3)
    assert "Target at least 25.0 % met" in said(browser.get("/console/kpis/win_rate"))


def test_a_sparkline_is_broken_where_nothing_is_known() -> None:
    values = [Decimal(0), Decimal(2), None, Decimal(1), Decimal(4), None, Decimal(3)]
    assert sparkline(values) == ["0,100 16.67,50", "50,75 66.67,0"]
    assert sparkline([Decimal(-1), Decimal(1)]) == ["0,100 100,0"]
    assert sparkline([Decimal(0), Decimal(0)]) == ["0,100 100,100"]
    assert sparkline([None, None]) == []


def test_how_customers_stay_is_drawn_as_a_curve_and_as_cells(store: Store, browser: TestClient) -> None:
    today = datetime.now(UTC)

    def month(ago: int) -> float:
        number = today.year * 12 + today.month - 1 - ago
        return (datetime(number // 12, number % 12 + 1, 10, tzinfo=UTC) - FIRST) / timedelta(days=1)

    with connect(store.conninfo) as connection:
        lived(connection, *([(month(ago), bought()) for ago in months] for months in ((5, 4), (5,), (3, 2), (0,))))
    page = browser.get("/console/kpis?area=customers")
    (cohorts,) = re.findall(r"<li[^>]*>(?:(?!</li>).)*Cohort retention.*?</li>", page.text, re.S)
    assert "66.7\N{NO-BREAK SPACE}%" in cohorts and cohorts.count("<rect") > 6
    (survival,) = re.findall(r"<li[^>]*>(?:(?!</li>).)*Survival curve.*?</li>", page.text, re.S)
    assert re.search(r"100.0% after \d+ months", survival) and "<polygon" in survival
    own = browser.get("/console/kpis/survival_curve").text
    assert "<polyline" in own and "The share that is still there: 100.0% after" in own
    own = browser.get("/console/kpis/cohort_retention").text
    assert re.search(r'fill-opacity="0.08"><title>\d{4}-\d\d, month 3: 0% of 2</title>', own)
    assert re.search(r"<title>\d{4}-\d\d, month 1: 50% of 2</title>", own)
    assert "The palest has 0\N{NO-BREAK SPACE}% of them active, the fullest 100\N{NO-BREAK SPACE}%." in own


def test_a_figures_form_chooses_definition_parameters_and_a_group(store: Store, browser: TestClient) -> None:
    closed(store, won=True, days_ago=3)
    closed(store, won=False, days_ago=3)
    path = "/console/kpis/lead_conversion_rate"
    plain = browser.get(path)
    assert 'name="within_days" type="number"' in plain.text and "<option>lead_conversion_rate@1 (period)" in plain.text
    assert "50.0\N{NO-BREAK SPACE}%" in plain.text
    soon = browser.get(f"{path}?within_days=1")
    assert 'value="1"' in soon.text and "<span>0.0\N{NO-BREAK SPACE}%" in soon.text
    other = browser.get(f"{path}?definition=lead_conversion_rate@1+(period)").text
    assert "lead_conversion_rate@1 (period)</p>" in other
    of_web, of_none = (browser.get(f"{path}?where=source&is={name}").text for name in ("web", ""))
    assert "<span>50.0\N{NO-BREAK SPACE}%" in of_web and "<span>–" in of_none
    assert "<option selected>source" in of_web and 'value="web"' in of_web
    refused = browser.get(f"{path}?within_days=0")
    assert refused.status_code == 422 and "within_days is a number from 1 to 3650" in said(refused)


def test_a_curve_has_steps_and_a_band() -> None:
    points = [
        {"month": 0, "survival": Decimal(1), "low": None, "high": None},
        {"month": 1, "survival": Decimal("0.5"), "low": Decimal("0.25"), "high": Decimal("0.75")},
        {"month": 2, "survival": Decimal("0.5"), "low": Decimal("0.25"), "high": Decimal("0.75")},
    ]
    curve = _curve(points)
    assert curve.line == "0,0 50,0 50,50 100,50 100,50"
    assert curve.band == "50,25 100,25 100,25 100,75 100,75 50,75"
    assert (curve.months, curve.words) == (2, "50.0% after 2 months")
