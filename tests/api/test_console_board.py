"""The board beyond its cards: what it can be narrowed to, how it stood, which leads linger, and what others did."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from fastapi.testclient import TestClient

from api.store import Store
from domain.lead import LeadAssigned, LeadLost, LeadMovedToStage, LeadValued, LeadWon
from domain.money import Money
from eventstore.database import connect
from replay.follow import catch_up
from tests.api.console import NASTY, act, column, hidden, lead, said, types
from tests.facts import captured, given

NOW = datetime.now(UTC)


def ago(days: float) -> datetime:
    """So many days before now."""
    return NOW - timedelta(days=days)


def told(store: Store, *events: object, title: str, at: list[datetime]) -> UUID:
    """A lead whose events happened at these moments."""
    with connect(store.conninfo) as connection:
        lead_id, _ = given(connection, captured(title), *events, at=at)  # type: ignore[arg-type]  # events of the domain
        catch_up(connection)
    return lead_id


def moved(to_stage: str) -> LeadMovedToStage:
    """From new to another stage."""
    return LeadMovedToStage(
        from_stage="new", to_stage=to_stage, pipeline="default", pipeline_version=1, probability=Decimal("0.5")
    )


def test_the_board_of_a_team_and_of_a_source(store: Store, browser: TestClient) -> None:
    lead(store, LeadAssigned(team="north"), title="Of the north", source="web")
    lead(store, LeadAssigned(team="south"), title="Of the south", source="fair")
    north = said(browser.get("/console/pipeline?team=north"))
    assert "Of the north" in north and "Of the south" not in north
    fair = said(browser.get("/console/pipeline?source=fair"))
    assert "Of the south" in fair and "Of the north" not in fair
    assert "1 open lead" in fair
    assert browser.get("/console/pipeline?pipeline=other").status_code == 422


def test_what_was_narrowed_stays_so_after_a_move(store: Store, browser: TestClient) -> None:
    lead_id = lead(store, LeadAssigned(team="north"), title="Of the north")
    lead(store, title="Of nobody")
    page = browser.get("/console/pipeline?team=north")
    board = re.findall(r'name="board" value="([^"]*)"', page.text)[0]
    form = hidden(page) | {"version": "2", "shown_on": "board", "board": board, "to_stage": "qualified"}
    answer = browser.post(f"/console/leads/{lead_id}/move-to-stage", data=form)
    assert "Of the north" in column(answer, "qualified")
    assert "Of nobody" not in answer.text


def test_the_board_as_it_stood(store: Store, browser: TestClient) -> None:
    value = LeadValued(value=Money(amount=Decimal(500), currency="EUR"))
    told(store, value, moved("proposal"), LeadWon(), title="Ten seats", at=[ago(40), ago(39), ago(20), ago(10)])
    told(store, title="Of today", at=[ago(1)])
    first = browser.get(f"/console/pipeline?as_of={ago(30):%Y-%m-%dT%H:%M}")
    assert "Ten seats" in column(first, "new") and "500 EUR" in column(first, "new")
    assert "Of today" not in first.text and "As it stood on" in said(first)
    later = browser.get(f"/console/pipeline?as_of={ago(15):%Y-%m-%dT%H:%M}")
    assert "Ten seats" in column(later, "proposal") and "weighted 250" in said(later)
    assert "move-to-stage" not in later.text and "data-live" not in later.text, "the past is only looked at"
    assert "Ten seats" not in column(browser.get("/console/pipeline"), "proposal")
    assert browser.get("/console/pipeline?as_of=soon").status_code == 422


def test_who_lingers_in_a_stage_is_marked(store: Store, browser: TestClient) -> None:
    for days in (1, 2, 3, 4, 10):
        told(store, moved("contacted"), title=f"After {days}", at=[ago(50), ago(50 - days)])
    marks = {}
    for title, days in (("Young", 2), ("Slow", 5), ("Stuck", 30)):
        told(store, title=title, at=[ago(days)])
    cards = re.findall(r'<li class="card".*?</li>', column(browser.get("/console/pipeline"), "new"), re.DOTALL)
    for card in cards:
        marks[re.findall(r"<h3><a [^>]*>([^<]*)", card)[0]] = re.findall(r'class="since (\w*)"', card)[0]
    assert marks == {"Young": "", "Slow": "slow", "Stuck": "overdue"}
    assert "usually 3 days" in said(browser.get("/console/pipeline"))


def test_why_leads_were_lost_is_counted(store: Store, browser: TestClient) -> None:
    for reason in ("Price", "price ", "timing", NASTY):
        told(store, LeadLost(reason=reason), title="Ten seats", at=[ago(9), ago(3)])
    told(store, LeadLost(reason="long ago"), title="Ten seats", at=[ago(300), ago(200)])
    page = browser.get("/console/pipeline")
    text = said(page)
    assert "price 2" in text and "timing 1" in text
    assert NASTY not in page.text
    assert "long ago" not in text


def test_who_was_faster_is_named(store: Store, browser: TestClient) -> None:
    lead_id = lead(store)
    form = hidden(browser.get("/console/pipeline")) | {"version": "1", "shown_on": "board", "to_stage": "proposal"}
    act(browser, lead_id, "move-to-stage", to_stage="qualified")
    answer = browser.post(f"/console/leads/{lead_id}/move-to-stage", data=form | {"form_key": "b" * 16})
    assert answer.status_code == 412
    assert "The operator, just now: Moved from new to qualified." in said(answer)
    assert types(store, lead_id) == ["lead.captured", "lead.moved_to_stage"]


def test_what_was_typed_about_a_loss_is_kept(store: Store, browser: TestClient) -> None:
    lead_id = lead(store, LeadWon())
    form = hidden(browser.get(f"/console/leads/{lead_id}")) | {
        "shown_on": "board",
        "lead": str(lead_id),
        "title": NASTY,
        "reason": "too expensive",
    }
    answer = browser.post(f"/console/leads/{lead_id}/lose", data=form)
    assert answer.status_code == 409
    assert 'value="too expensive"' in answer.text
    assert re.search(r'<dialog id="lose-lead"[^>]* open>', answer.text)
    assert NASTY not in answer.text


def test_the_stream_is_for_open_pages(browser: TestClient, stranger: TestClient) -> None:
    assert browser.get("/console/live/leads").status_code == 406
    stranger.cookies.clear()
    assert stranger.get("/console/live/leads", headers={"Accept": "text/event-stream"}).status_code == 401
