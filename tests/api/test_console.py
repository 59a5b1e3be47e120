"""The console's frame: who is let in, which forms are taken, and what every page keeps to."""

import re
from datetime import UTC, datetime
from hashlib import sha256
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.console.assets import OURS, VENDORED
from api.sessions import create_sign_in_link
from api.store import OPERATOR_ID, Store
from domain.customer import CustomerRegistered, CustomerRenamed
from domain.lead import LeadWon
from eventstore import log
from eventstore.database import connect
from replay.follow import catch_up
from tests.api.console import NASTY, act, hidden, lead, said, types


def test_a_leads_page_names_its_customer_as_she_is_called_now(store: Store, browser: TestClient) -> None:
    lead_id = lead(store)
    with store.pool.connection() as connection:
        whose = log.load(connection, lead_id).history[0].customer_id
        known = log.load(connection, whose).version
        told = [CustomerRegistered(kind="person", name="Ann Old"), CustomerRenamed(name="Ann New")]
        new = [
            log.NewEvent(whose, "customer", whose, version, event)
            for version, event in enumerate(told, start=known + 1)
        ]
        log.append(connection, new, log.Envelope("system", OPERATOR_ID, "test"))
    with connect(store.conninfo) as connection:
        catch_up(connection)
    page = said(browser.get(f"/console/leads/{lead_id}"))
    assert "Ann New" in page
    assert "Ann Old" not in page


def test_a_stranger_is_told_how_to_sign_in(store: Store, stranger: TestClient) -> None:
    lead_id = lead(store)
    for address in ("/", "/console", f"/console/leads/{lead_id}", "/console/kpis", "/console/kpis/win_rate"):
        answer = stranger.get(address)
        assert answer.status_code == 401
        assert "./crm sign-in" in answer.text
    form = {"form_key": "12345678", "version": "1"}
    assert stranger.post(f"/console/leads/{lead_id}/win", data=form).status_code == 401
    assert types(store, lead_id) == ["lead.captured"]


def test_a_link_signs_in_once(store: Store, stranger: TestClient) -> None:
    link = create_sign_in_link(store)
    first = stranger.get(link, follow_redirects=False)
    assert (first.status_code, first.headers["location"]) == (303, "/console")
    cookie = first.headers["set-cookie"]
    assert re.fullmatch(r"everfold_session=[\w-]{43}; HttpOnly; Path=/; SameSite=strict", cookie)
    assert stranger.get("/console").status_code == 200
    stranger.cookies.clear()
    again = stranger.get(link)
    assert again.status_code == 401
    assert "set-cookie" not in again.headers
    assert "./crm sign-in" in again.text


def test_the_cookie_is_kept_to_https_where_there_is_https(store: Store) -> None:
    with TestClient(create_app(store), base_url="https://crm.example") as browser:
        answer = browser.get(create_sign_in_link(store), follow_redirects=False)
    assert "; Secure" in answer.headers["set-cookie"]


def test_signing_out_ends_the_session_on_the_server(browser: TestClient) -> None:
    session = browser.cookies["everfold_session"]
    assert browser.post("/console/sign-out", follow_redirects=False).status_code == 303
    browser.cookies.set("everfold_session", session)
    assert browser.get("/console/pipeline").status_code == 401


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none", "Origin": "http://testserver"}, True),
        ({"Origin": "http://testserver"}, True),
        ({"Sec-Fetch-Site": "none"}, False),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://testserver"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"}, False),
        ({"Origin": "http://testserver.evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "http://["}, False),
        ({}, False),
    ],
)
def test_forms_are_taken_only_from_the_console_itself(
    store: Store, browser: TestClient, headers: dict[str, str], taken: bool
) -> None:
    lead_id = lead(store)
    form = hidden(browser.get(f"/console/leads/{lead_id}"))
    del browser.headers["Sec-Fetch-Site"]
    answer = browser.post(f"/console/leads/{lead_id}/win", data=form, headers=headers, follow_redirects=False)
    assert answer.status_code == (303 if taken else 403)
    assert ("lead.won" in types(store, lead_id)) is taken


def test_every_page_is_safe_to_show(store: Store, browser: TestClient) -> None:
    lead_id = lead(store, LeadWon(), title=NASTY, source="<b>web</b>")
    addresses = [
        "/console/pipeline",
        "/console/pipeline?owner=nobody",
        "/console/sign-in?token=worthless",
        f"/console/leads/{lead_id}",
        "/console/leads/unknown",
        "/console/kpis",
        "/console/kpis/win_rate?group_by=source",
        "/console/kpis/unknown",
        "/console/kpis/win_rate/events",
        "/docs",
    ]
    for address in addresses:
        answer = browser.get(address)
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == ("no-referrer" if "token" in address else "same-origin")
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert not re.search(
            r"<script(?! defer src=\"/console/static/)|<style|\sstyle=|\son\w+=|<b>web|javascript:", answer.text
        )
        elsewhere = re.findall(r'(?:src|href|action)="(?!/|#)([^"]*)', answer.text)
        assert not elsewhere, f"{address} leads to {elsewhere}"


def test_what_others_wrote_is_as_they_gave_it_out() -> None:
    for line in (VENDORED / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split()
        assert sha256((VENDORED / name).read_bytes()).hexdigest() == digest


def test_moments_are_shown_and_typed_in_the_viewers_zone(store: Store, browser: TestClient) -> None:
    lead_id = lead(store, received_at=datetime(2026, 3, 3, 23, 30, tzinfo=UTC))
    browser.cookies.set("everfold_zone", "Asia/Tokyo")
    act(browser, lead_id, "schedule-follow-up", what="Call", due_at="2027-01-15T09:00")
    page = browser.get(f"/console/leads/{lead_id}").text
    assert 'title="2027-01-15 00:00:00 UTC">2027-01-15 09:00<' in page
    browser.cookies.set("everfold_zone", "../../etc/passwd")
    assert "2027-01-15 00:00<" in browser.get(f"/console/leads/{lead_id}").text


def test_the_style_sheet_may_be_kept_and_fetches_nothing(browser: TestClient) -> None:
    addresses = re.findall(r'(?:href|src)="(/console/static/[^"]+)"', browser.get("/console/pipeline").text)
    assert len(addresses) == 5
    for address in addresses:
        sent = browser.get(address)
        assert sent.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert sent.headers["content-encoding"] == "gzip"
    assert browser.get("/console/static/SHA256SUMS").status_code == 404
    sheet = (OURS / "console.css").read_text()
    assert "url(" not in sheet
    assert "@import" not in sheet
    assert len(sheet) < 60_000


def test_a_page_that_fails_says_so_in_html(browser: TestClient, store: Store) -> None:
    assert browser.get(f"/console/leads/{uuid4()}").status_code == 404
    assert "There is nothing at this address" in said(browser.get("/console/leads/unknown"))
    assert browser.get("/console/pipeline?position=-1").status_code == 422
    assert browser.get("/console/pipeline?owner=me").status_code == 422
    store.pool.close()
    answer = browser.get("/console/pipeline")
    assert answer.status_code == 503
    assert "The database does not answer" in said(answer)
