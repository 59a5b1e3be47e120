"""A figure's page: what it means, what it is asked, and its plot."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from api.console import plot
from api.console.plot import Point
from api.store import Store
from domain.customer import CustomerActivated, CustomerChurned
from eventstore.database import connect
from replay.follow import catch_up
from tests.api.console import closed, said
from tests.projections.records import tell
from tests.projections.test_subscription_movement import cancelled, downgraded, started, upgraded


def test_a_figures_page_tells_what_it_means(store: Store, browser: TestClient) -> None:
    closed(store, won=True, days_ago=40)
    closed(store, won=False, days_ago=40)
    closed(store, won=True, days_ago=3)
    page = browser.get("/console/kpis/win_rate?group_by=source")
    text = said(page)
    assert "66.7 %" in text
    assert "won / (won + lost), closed in the period" in text
    assert "By source" in text
    assert re.search(r"web 66.7 % 3 ", text)
    assert page.text.count('class="dot"') == 2
    assert re.search(r"<title>\w+ \d{4}: 50.0 % \(of 2\)</title>", page.text.replace("\xa0", " "))


def test_several_currencies_are_not_added_up(store: Store, browser: TestClient) -> None:
    for amount, currency in (("100", "EUR"), ("300", "EUR"), ("70", "USD")):
        closed(store, won=True, days_ago=3, amount=amount, currency=currency)
    text = said(browser.get("/console/kpis/average_deal_size"))
    assert "Average deal size 200 EUR 70 USD" in text
    assert "Average deal size in EUR" in text


def test_recurring_revenue_is_shown_by_currency_and_month(store: Store, browser: TestClient) -> None:
    with connect(store.conninfo) as connection:
        tell(connection, uuid4(), started(0, "100.50"), upgraded(20, 150), cancelled(40))
        tell(connection, uuid4(), started(0, 100), downgraded(40, 80))
        tell(connection, uuid4(), started(0, 70, currency="USD"))
        catch_up(connection)
    text = said(browser.get("/console/kpis?area=revenue"))
    assert "Monthly recurring revenue 80 EUR 70 USD" in text
    text = said(browser.get("/console/kpis/mrr"))
    assert "March 2026 250 EUR April 2026 80 EUR" in text
    assert "EUR 80 EUR" in text and "USD 70 USD" in text, "by currency, without being asked"
    text = said(browser.get("/console/kpis/nrr?from=2026-03-10&to=2026-05-01"))
    assert "Net revenue retention 39.9 % EUR 100.0 % USD" in text
    assert "200.50" in text, "money is not a share"
    assert "-170" in said(browser.get("/console/kpis/mrr_movements?from=2026-04-01&to=2026-05-01"))
    text = said(browser.get("/console/kpis/net_mrr_churn?group_by=currency"))
    assert "68.0 % EUR" in text, "of April"
    events = said(browser.get("/console/kpis/mrr/events"))
    assert "Subscribed to team for 70.00 USD a month" in events


def test_who_came_and_who_left_is_shown(store: Store, browser: TestClient) -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    here, gone = CustomerActivated(), CustomerChurned(kind="said", effective_on=at.date())
    with connect(store.conninfo) as connection:
        tell(connection, uuid4(), here, at=[at])
        tell(connection, uuid4(), here, gone, at=[at, at + timedelta(days=40)])
        catch_up(connection)
    assert "Active customers 1 customers" in said(browser.get("/console/kpis?area=customers"))
    assert "New customers 2 customers" in said(browser.get("/console/kpis/new_customers"))
    assert "March 2026 2 April 2026 1" in said(browser.get("/console/kpis/active_customers"))
    text = said(browser.get("/console/kpis/customer_churn_rate?from=2026-04-01&to=2026-05-01"))
    assert "Customer churn rate 50.0 %" in text
    assert "start base 50.0 % 1 2 stripe 50.0 % 1 2 cohort 50.0 % 1 2" in text
    assert "Left on 2026-03-01" in said(browser.get("/console/kpis/customer_churn_rate/events?from=2026-04-01"))
    text = said(browser.get("/console/kpis/survival_curve?to=2026-05-01"))
    assert "Curve at risk churned survival low high 0 2 0 1 – – 1 2 1 0.50 " in text


def test_a_figure_of_a_period_and_of_the_past(store: Store, browser: TestClient) -> None:
    closed(store, won=True, days_ago=40)
    closed(store, won=False, days_ago=3)
    today = datetime.now(UTC)
    since = f"from={today - timedelta(days=20):%Y-%m-%d}"
    assert "0.0\N{NO-BREAK SPACE}%" in browser.get(f"/console/kpis/win_rate?{since}").text
    until = f"as_of={today - timedelta(days=20):%Y-%m-%dT%H:%M}"
    assert "100.0\N{NO-BREAK SPACE}%" in browser.get(f"/console/kpis/win_rate?{until}").text
    pipeline = browser.get(f"/console/kpis/pipeline_as_of?as_of={today - timedelta(days=45):%Y-%m-%dT%H:%M}")
    assert "at the end of each month" in said(pipeline)
    assert 'class="bar"' in pipeline.text


def test_the_plot_keeps_to_the_period(store: Store, browser: TestClient) -> None:
    for days_ago in range(5, 1300, 25):
        closed(store, won=True, days_ago=days_ago)

    def months(query: str) -> list[str]:
        return re.findall(r'<tr><th scope="row">(\w+ \d{4})', browser.get(f"/console/kpis/sales_cycle?{query}").text)

    today = datetime.now(UTC).date()
    year = today.year - 1
    assert len(months("")) == 12
    assert months("")[-1] == f"{today:%B %Y}"
    assert months(f"from={year}-01-15&to={year}-04-01") == [
        f"{name} {year}" for name in ("January", "February", "March")
    ]
    assert months(f"from={year}-01-10&to={year}-01-25") == [f"January {year}"]
    assert months("from=1999-01-01")[-1] == f"{today:%B %Y}"
    assert len(months("from=1999-01-01")) == 36
    assert "earlier months of the period are not drawn" in browser.get("/console/kpis/sales_cycle?from=1999-01-01").text
    assert not months("to=1999-01-01")


@pytest.mark.parametrize(
    "query",
    [
        "from=2026-05-01&to=2026-04-01",
        "from=soon",
        "as_of=now",
        "as_of=2999-01-01T00:00",
        "group_by=colour",
    ],
)
def test_a_question_that_makes_no_sense_is_explained(browser: TestClient, query: str) -> None:
    answer = browser.get(f"/console/kpis/win_rate?{query}")
    assert answer.status_code == 422
    assert "Here is the figure over all time." in said(answer)


@pytest.mark.parametrize("query", ["to=0001-01-01", "from=0001-01-01", "to=9999-12-31", "as_of=0001-01-01T00:00"])
def test_no_period_is_too_far_away(store: Store, browser: TestClient, query: str) -> None:
    closed(store, won=True, days_ago=40)
    assert browser.get(f"/console/kpis/win_rate?{query}").status_code == 200


def test_the_events_behind_a_figure(store: Store, browser: TestClient) -> None:
    ids = [closed(store, won=True, days_ago=3, amount=str(amount)) for amount in range(1, 53)]
    page = browser.get("/console/kpis/win_rate")
    (link,) = re.findall(r'href="(/console/kpis/win_rate/events[^"]*)"', page.text)
    events = browser.get(unescape(link))
    assert f'<a href="/console/leads/{ids[0]}">Won for 1.00 EUR</a>' in events.text
    (more,) = re.findall(r'class="button" href="([^"]+)"', events.text)
    assert "as_of=" in more, "the next page is judged as of the same moment"
    rest = browser.get(unescape(more))
    assert f'<a href="/console/leads/{ids[51]}">Won for 52.00 EUR</a>' in rest.text
    assert 'class="button"' not in rest.text


def test_a_plot_leaves_out_what_is_unknown_and_keeps_its_ticks_round() -> None:
    values = [Decimal("0.5"), None, Decimal("0.9"), Decimal(1)]
    points = [Point("Jan", "2026", "January 2026", "", 1, value) for value in values]
    line = plot.draw(points, bars=False, top=Decimal(1))
    assert [tick for _, tick in line.ticks] == [Decimal("0.25") * number for number in range(5)]
    assert [(left.middle, right.middle) for left, right in line.joined] == [(12.5, 62.5), (62.5, 87.5)]
    assert line.marks[3].y == line.ticks[-1][0]
    bars = plot.draw([Point("Jan", "2026", "January 2026", "", 1, Decimal(7))] * 36, bars=True, whole=True)
    assert [tick for _, tick in bars.ticks] == [0, 2, 4, 6, 8]
    assert sum(bool(mark.label) for mark in bars.marks) == 12
    assert not bars.joined
    nothing = plot.draw([Point("Jan", "2026", "January 2026", "", 0, Decimal(0))], bars=True, whole=True)
    assert nothing.marks[0].y == nothing.base


@pytest.mark.parametrize("values", [["-40"], ["-40", "60"], ["-0.5", "-3", "0"]])
def test_a_plot_has_a_place_for_what_is_less_than_nothing(values: list[str]) -> None:
    points = [Point("Jan", "2026", "January 2026", "", 1, Decimal(value)) for value in values]
    line = plot.draw(points, bars=False)
    ticks = [tick for _, tick in line.ticks]
    assert 0 in ticks
    assert ticks[0] <= min(map(Decimal, values)) < 0
    assert all(line.ticks[-1][0] <= mark.y <= line.ticks[0][0] == line.base for mark in line.marks)
