"""A lead's page: its whole life by forms, and what it tells of it."""

import re
from datetime import UTC, datetime
from html import unescape
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from api.access import create_api_key
from api.forget import forget
from api.store import Store
from domain.event import CustomerId, MemberId
from domain.lead import LeadAssigned, LeadWon
from eventstore import log
from tests.api.console import act, hidden, lead, member, said, types
from tests.facts import captured, given


def test_a_leads_whole_life_by_its_page(store: Store, browser: TestClient) -> None:
    mia, lead_id = member(store, "Mia Wong"), lead(store, LeadAssigned(team="north"))
    due = "2027-03-05T09:00"
    act(browser, lead_id, "value", amount="1200", currency="EUR")
    act(browser, lead_id, "assign", owner_id=str(mia))
    act(browser, lead_id, "log-interaction", kind="call", direction="outbound", summary="Asked for an offer")
    planned = act(browser, lead_id, "schedule-follow-up", what="Send the offer", due_at=due, assignee_id=str(mia))
    (task_id,) = re.findall(r'name="task_id" value="([^"]+)"', planned.text)
    assert "due 2027-03-05 09:00 · Mia Wong" in said(planned)
    done = act(browser, lead_id, "complete-follow-up", task_id=task_id, outcome="Sent")
    assert 'name="task_id"' not in done.text
    act(browser, lead_id, "win", amount="1100", currency="EUR")
    act(browser, lead_id, "reopen", reason="A mistake")
    page = act(browser, lead_id, "lose", reason="price", competitor="Others")
    text = said(page)
    told = (
        "Lost to Others: price",
        "Reopened: A mistake",
        "Won for 1,100.00 EUR",
        "Follow-up done: Sent",
        "Follow-up due 2027-03-05 09:00 UTC: Send the offer Mia Wong",
        "Contacted for the first time",
        "Outbound call: Asked for an offer",
        "Assigned to a member of team north Mia Wong",
        "Valued at 1,200.00 EUR",
        "Captured in stage new: Ten seats",
    )
    places = [text.index(sentence) for sentence in told]
    assert places == sorted(places), "the latest stands first"
    assert "the operator" in text
    assert '"type": "lead.won"' in unescape(page.text)


def test_the_timeline_says_when_a_late_fact_was_recorded(store: Store, browser: TestClient) -> None:
    happened = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)
    with store.pool.connection() as connection:
        lead_id, _ = given(connection, captured("Long ago"), at=[happened])
    page = browser.get(f"/console/leads/{lead_id}")
    assert "3 March 2026" in said(page)
    assert '<time datetime="2026-03-03T09:30:00+00:00">09:30</time>' in page.text
    assert f"recorded {datetime.now(UTC):%Y-%m-%d}" in said(page)
    assert "recorded 2" not in said(browser.get(f"/console/leads/{lead(store)}"))


def test_the_oddities_of_an_import_are_told_in_words(store: Store, browser: TestClient) -> None:
    with store.pool.connection() as connection:
        lead_id, _ = given(connection, captured(), flags=("no_capture_date", "something_new"))
    text = said(browser.get(f"/console/leads/{lead_id}"))
    assert "To know: the file gave no date of capture; something new." in text


def test_somebody_elses_change_is_never_overwritten(store: Store, browser: TestClient) -> None:
    lead_id = lead(store)
    form = hidden(browser.get(f"/console/leads/{lead_id}")) | {"reason": "price"}
    act(browser, lead_id, "value", amount="5", currency="EUR")
    answer = browser.post(f"/console/leads/{lead_id}/lose", data=form)
    assert answer.status_code == 412
    assert "Somebody changed this lead" in said(answer)
    assert "Valued at 5.00 EUR new" in said(answer), "what is new since is marked"
    assert 'value="price"' in answer.text, "what was typed is still there"
    assert types(store, lead_id) == ["lead.captured", "lead.valued"]
    assert browser.post(f"/console/leads/{lead_id}/lose", data=hidden(answer) | {"reason": "price"}).status_code == 200
    assert types(store, lead_id)[-1] == "lead.lost"


@pytest.mark.parametrize("shown_on", ["lead", "board"])
def test_a_refusal_is_told_on_the_page_it_came_from(store: Store, browser: TestClient, shown_on: str) -> None:
    lead_id = lead(store, LeadWon())
    form = hidden(browser.get(f"/console/leads/{lead_id}")) | {"shown_on": shown_on, "to_stage": "proposal"}
    answer = browser.post(f"/console/leads/{lead_id}/move-to-stage", data=form)
    assert answer.status_code == 409
    assert "This lead is already closed as won. Reopen it first if it should go on." in said(answer)
    assert ("Timeline" in said(answer)) is (shown_on == "lead")
    assert browser.get(str(answer.url), follow_redirects=False).headers["location"] == f"/console/leads/{lead_id}"


def test_a_lead_that_others_are_changing_is_left_alone(
    store: Store, browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> None:
        raise log.VersionConflict

    lead_id = lead(store)
    monkeypatch.setattr("eventstore.log.append", busy)
    answer = act(browser, lead_id, "win")
    assert answer.status_code == 409
    assert "Others are changing this lead" in said(answer)


def test_nothing_is_written_of_who_was_forgotten(store: Store, browser: TestClient) -> None:
    lead_id = lead(store)
    with store.following() as connection:
        (recorded,) = log.load(connection, lead_id).history
    forget(store, recorded.customer_id, reason="Asked by letter")
    answer = act(browser, lead_id, "win")
    assert answer.status_code == 409
    assert "was forgotten: nothing can be recorded any more" in said(answer)
    assert "(forgotten)" in said(answer)


def test_the_timeline_says_who(store: Store, browser: TestClient) -> None:
    mia = member(store, "Mia Wong")
    key = create_api_key(store, "the web form", ("leads:write", "leads:read"))
    known = browser.post("/v1/leads", json={"title": "x"}, headers={"Authorization": f"Bearer {key}"}).json()
    lead_id, customer_id = UUID(known["lead_id"]), CustomerId(UUID(known["customer_id"]))
    with store.pool.connection() as connection:
        for kind, actor_id in (("user", mia), ("user", uuid4()), ("api_key", uuid4()), ("import", uuid4())):
            event = LeadAssigned(owner_id=MemberId(uuid4()))
            new = log.NewEvent(customer_id, "lead", lead_id, None, event)
            log.append(connection, [new], log.Envelope(kind, actor_id, "test"))
    text = said(browser.get(f"/console/leads/{lead_id}"))
    for who in ("the web form (API key)", "Mia Wong", "a former member", "a revoked API key", "an import"):
        assert f"· {who} ·" in text
    assert "Assigned to a member a former member" in text


def test_a_form_without_its_key_is_refused(store: Store, browser: TestClient) -> None:
    lead_id = lead(store)
    assert browser.post(f"/console/leads/{lead_id}/win", data={"version": "1"}).status_code == 422
    assert types(store, lead_id) == ["lead.captured"]
