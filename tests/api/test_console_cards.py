"""The cards of the board: its stages and sums, a card that moves, a lead that is added."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape

import pytest
from fastapi.testclient import TestClient

from api.store import OPERATOR_ID, Store
from domain.lead import LeadAssigned, LeadLost, LeadMovedToStage, LeadValued, LeadWon
from domain.money import Money
from eventstore import log
from eventstore.database import connect
from replay.follow import catch_up
from tests.api.console import NASTY, column, hidden, lead, member, said, types
from tests.facts import captured, given


def test_an_empty_board_teaches(browser: TestClient) -> None:
    text = said(browser.get("/console/pipeline"))
    for command in (
        "./crm run --data demo --port 8001",
        "./crm import leads",
        "./crm key create",
        "curl http://testserver/v1/leads",
    ):
        assert command in text


def test_the_board_adds_up_each_stage_and_currency(store: Store, browser: TestClient) -> None:
    for amount, currency in (("1000", "EUR"), ("500", "EUR"), ("70", "USD")):
        lead(store, LeadValued(value=Money(amount=Decimal(amount), currency=currency)), stage="qualified")
    lead(store, stage="qualified")
    board = browser.get("/console/pipeline")
    shown = unescape(re.sub(r"<[^>]+>|\s", " ", column(board, "qualified")))
    assert " ".join(shown.split()).startswith("qualified 4 1,500 EUR weighted 600 70 USD weighted 28")
    assert "4 open leads · 1,500 EUR , weighted 600 · 70 USD , weighted 28" in said(board)


def test_a_card_moves_by_its_buttons_and_by_its_list(store: Store, browser: TestClient) -> None:
    lead_id = lead(store, title="Ten seats")
    for way, stage in (("to_stage", "contacted"), ("chosen", "negotiation"), ("to_stage", "proposal")):
        form = hidden(browser.get("/console/pipeline")) | {"shown_on": "board", "owner": "", way: stage}
        address = f"/console/leads/{lead_id}/move-to-stage"
        answer = browser.post(address, data=form, follow_redirects=False)
        assert answer.status_code == 303
        assert re.fullmatch(rf"/console/pipeline\?position=\d+#lead-{lead_id}", answer.headers["location"])
        board = browser.get(answer.headers["location"])
        assert "Ten seats" in column(board, stage)
    assert types(store, lead_id) == ["lead.captured", *["lead.moved_to_stage"] * 3]


def test_a_double_click_acts_once(store: Store, browser: TestClient) -> None:
    lead_id = lead(store)
    form = hidden(browser.get(f"/console/leads/{lead_id}")) | {"to_stage": "contacted"}
    for _ in range(2):
        answer = browser.post(f"/console/leads/{lead_id}/move-to-stage", data=form, follow_redirects=False)
        assert answer.status_code == 303
    assert types(store, lead_id) == ["lead.captured", "lead.moved_to_stage"]
    other = browser.post(f"/console/leads/{lead_id}/move-to-stage", data=form | {"to_stage": "proposal"})
    assert other.status_code == 422
    assert "sent before with other content" in said(other)
    assert len(types(store, lead_id)) == 2


def test_a_stage_that_the_pipeline_has_no_more_keeps_its_leads(store: Store, browser: TestClient) -> None:
    gone = LeadMovedToStage(to_stage="haggling", pipeline="default", pipeline_version=1, probability=Decimal("0.5"))
    lead(store, gone)
    assert "no longer in the pipeline" in column(browser.get("/console/pipeline"), "haggling")


def test_the_board_shows_what_was_touched_last(
    store: Store, browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.console.board._CARDS_PER_STAGE", 2)
    for days_ago, title in ((3, "Old"), (1, "Newest"), (2, "Newer")):
        with connect(store.conninfo) as connection:
            given(connection, captured(title), at=[datetime.now(UTC) - timedelta(days=days_ago)])
            catch_up(connection)
    cards = column(browser.get("/console/pipeline"), "new")
    assert re.findall(r"Old|Newest|Newer", cards) == ["Newest", "Newer"]
    assert "and 1 more, untouched for longer" in cards


def test_a_board_that_trails_says_so(browser: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.fresh._PATIENCE", 0)
    assert "Your change is recorded, but the board does not show it yet" in said(
        browser.get("/console/pipeline?position=99")
    )


def test_the_board_of_one_owner(store: Store, browser: TestClient) -> None:
    mia, noor = member(store, "Mia Wong"), member(store, "Noor Haddad")
    lead(store, LeadAssigned(owner_id=mia), title="Of Mia")
    lead(store, LeadAssigned(owner_id=noor), LeadWon(), title="Of Noor")
    lead(store, LeadAssigned(owner_id=noor), title="Of Noor")
    board = browser.get(f"/console/pipeline?owner={mia}")
    assert "Of Mia" in board.text
    assert "Of Noor" not in board.text
    assert "1 open lead " in said(board)
    assert f'<option value="{mia}" selected>Mia Wong</option>' in board.text


def test_what_was_closed_last_stands_beneath(store: Store, browser: TestClient) -> None:
    lead(store, LeadWon(value=Money(amount=Decimal("99.5"), currency="EUR")), title="Sold")
    lead(store, LeadLost(reason="price"), title="Gone")
    text = said(browser.get("/console/pipeline"))
    assert text.index("lost Gone") < text.index("won Sold 99.50 EUR")


def test_adding_a_lead(store: Store, browser: TestClient) -> None:
    form = hidden(browser.get("/console/pipeline")) | {
        "shown_on": "board",
        "owner": "",
        "title": NASTY,
        "customer_name": "Acme & Sons",
        "customer_kind": "organisation",
        "amount": "1200.50",
        "currency": "eur",
        "source": "",
    }
    first, second = (browser.post("/console/leads", data=form) for _ in range(2))
    assert first.url.fragment == second.url.fragment
    text = column(first, "new")
    assert "&lt;script&gt;" in text
    assert "Acme &amp; Sons" in text
    assert "1,200.50\N{NO-BREAK SPACE}EUR" in text
    with store.pool.connection() as connection:
        events = log.read(connection, after=0, horizon=2**62, limit=50, types=["lead.captured"])
    assert [(event.actor["id"], event.metadata["channel"]) for event in events] == [(str(OPERATOR_ID), "console")]


def test_a_form_that_does_not_fit_is_explained_and_kept(browser: TestClient) -> None:
    form = hidden(browser.get("/console/pipeline")) | {
        "shown_on": "board",
        "title": "Kept",
        "amount": "much",
        "currency": "EUR",
    }
    answer = browser.post("/console/leads", data=form)
    assert answer.status_code == 422
    assert "Nothing was done. Amount: " in said(answer)
    assert "much" not in said(answer)
    assert 'value="Kept"' in answer.text
    assert browser.get(str(answer.url), follow_redirects=False).headers["location"] == "/console/pipeline"
