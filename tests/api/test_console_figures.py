"""The figures at a glance: of the last month or quarter that is over, beside the one before, with their course."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape

from fastapi.testclient import TestClient

from api.console.plot import sparkline
from api.kpis.publishing import publish
from api.store import Store
from eventstore.database import connect
from projections.kpi import kpis
from replay.follow import catch_up
from tests.api.test_console import browser, closed, said, stranger
from tests.facts import captured, given

__all__ = ["browser", "stranger"]


def test_each_figure_is_of_the_last_month_beside_the_one_before(store: Store, browser: TestClient) -> None:
    today = datetime.now(UTC)
    last = today.replace(day=1) - timedelta(days=5)
    earlier = last.replace(day=1) - timedelta(days=5)
    for won in (True, True, True, False):
        closed(store, won=won, days_ago=(today - last).days)
    closed(store, won=False, days_ago=(today - earlier).days)
    with connect(store.conninfo) as connection:
        given(connection, captured(source="web"), at=[last])
    publish(store, kpis()["win_rate"], {}, Decimal("0.5"))
    closed(store, won=False, days_ago=0)
    page = browser.get("/console/kpis")
    text = said(page)
    assert f"Of {last:%B %Y}, beside {earlier:%B %Y}" in text
    assert re.search(r"Win rate 75.0 % [–, %.\d]+ Before: 0.0 % \(\+75.0 points\) Target: 50.0 %", text)
    assert "Sales cycle 10.0 days" in text
    assert "Average deal size 100 EUR" in text
    assert re.search(r"Pipeline as of a moment [12] leads", text)
    assert '<polyline points="90.91,100 100,0"/>' in page.text
    for slug in ("win_rate", "pipeline_as_of"):
        (link,) = re.findall(rf'href="(/console/kpis/{slug}[^"]*)"', page.text)
        (value,) = re.findall(rf"{kpis()[slug].title} ([\d.]+)", text)
        assert f"{kpis()[slug].title} {value} " in said(browser.get(unescape(link))), "its page says the same"


def test_or_of_the_last_quarter(store: Store, browser: TestClient) -> None:
    with connect(store.conninfo) as connection:
        catch_up(connection)
    page = browser.get("/console/kpis?every=quarter")
    assert re.search(r"Of quarter [1-4] of \d{4}, beside quarter [1-4] of \d{4}", said(page))
    assert "Last quarter" in re.findall(r'aria-current="true">([^<]+)<', page.text)
    assert "Win rate –" in said(page)


def test_a_figures_page_says_its_target(store: Store, browser: TestClient) -> None:
    publish(store, kpis()["win_rate"], {}, Decimal("0.25"))
    closed(store, won=True, days_ago=3)
    assert "Target 25.0 %" in said(browser.get("/console/kpis/win_rate"))


def test_a_sparkline_is_broken_where_nothing_is_known() -> None:
    values = [Decimal(0), Decimal(2), None, Decimal(1), Decimal(4), None, Decimal(3)]
    assert sparkline(values) == ["0,100 16.67,50", "50,75 66.67,0"]
    assert sparkline([Decimal(-1), Decimal(1)]) == ["0,100 100,0"]
    assert sparkline([Decimal(0), Decimal(0)]) == ["0,100 100,100"]
    assert sparkline([None, None]) == []
