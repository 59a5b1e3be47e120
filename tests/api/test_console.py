"""The console as a browser sees it, without one: pages, forms, refusals in words, and what must never be possible."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from html import unescape
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from api.access import api_routes, create_api_key
from api.app import create_app
from api.console import plot
from api.console.assets import OURS, VENDORED
from api.console.contract import operations
from api.console.plot import Point
from api.forget import forget
from api.sessions import create_sign_in_link
from api.store import OPERATOR_ID, Store, append_to_workspace, load_workspace
from domain.customer import CustomerActivated, CustomerChurned, CustomerRegistered, CustomerRenamed
from domain.event import CustomerId, MemberId
from domain.lead import LeadAssigned, LeadLost, LeadMovedToStage, LeadValued, LeadWon
from domain.money import Money
from domain.workspace import InviteMember, invite_member
from eventstore import log
from eventstore.database import connect
from replay.follow import catch_up
from tests.facts import captured, given
from tests.projections.records import tell
from tests.projections.test_subscription_movement import cancelled, downgraded, started, upgraded

NASTY = "<script>alert('x')</script>"


@pytest.fixture
def stranger(store: Store) -> Iterator[TestClient]:
    """A browser that nobody has signed in with."""
    with TestClient(create_app(store), headers={"Sec-Fetch-Site": "same-origin"}) as browser:
        yield browser


@pytest.fixture
def browser(store: Store, stranger: TestClient) -> TestClient:
    """A browser that a printed link was opened with."""
    assert stranger.get(create_sign_in_link(store)).status_code == 200
    return stranger


def lead(store: Store, *events: object, title: str = "Ten seats", **fields: object) -> UUID:
    """A lead whose read models are up to date."""
    with connect(store.conninfo) as connection:
        given_events = [captured(title, **fields), *events]
        lead_id, _ = given(connection, *given_events)  # type: ignore[arg-type]  # events of the domain
        catch_up(connection)
    return lead_id


def member(store: Store, name: str) -> MemberId:
    """Somebody who works here."""
    member_id = MemberId(uuid4())
    with connect(store.conninfo) as connection:
        event = invite_member(load_workspace(connection)[0], InviteMember(member_id=member_id, name=name))
        append_to_workspace(connection, None, event)
        catch_up(connection)
    return member_id


def types(store: Store, lead_id: UUID) -> list[str]:
    with store.pool.connection() as connection:
        return [recorded.type for recorded in log.load(connection, lead_id).history]


def said(response: Response) -> str:
    """The text of a page, as a person reads it."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())


def hidden(response: Response) -> dict[str, str]:
    """What the first form of a page about a lead carries unseen."""
    return dict(re.findall(r'type="hidden" name="(form_key|version)" value="([^"]*)"', response.text))


def column(response: Response, stage: str) -> str:
    """The board's column of a stage."""
    columns = re.findall(r'<section class="column.*?</section>', response.text, re.DOTALL)
    (found,) = (one for one in columns if re.search(rf"<h2[^>]*>{stage} ", one))
    return str(found)


def act(browser: TestClient, lead_id: UUID, name: str, **fields: str) -> Response:
    """Send a form of a lead's page as it stands now."""
    page = browser.get(f"/console/leads/{lead_id}")
    return browser.post(f"/console/leads/{lead_id}/{name}", data=hidden(page) | fields)


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


# Signing in


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


# What holds for every page


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


# The board


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


# A lead's page


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


# Figures


def closed(store: Store, *, won: bool, days_ago: int, amount: str = "100", currency: str = "EUR") -> UUID:
    """A lead of that outcome, captured ten days before it."""
    at = datetime.now(UTC) - timedelta(days=days_ago)
    value = LeadValued(value=Money(amount=Decimal(amount), currency=currency))
    with connect(store.conninfo) as connection:
        outcome = LeadWon(value=value.value) if won else LeadLost(reason="price")
        lead_id, _ = given(connection, captured(source="web"), value, outcome, at=[at - timedelta(days=10), at, at])
        catch_up(connection)
    return lead_id


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
    text = said(browser.get("/console/kpis"))
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
    assert "Active customers 1 customers" in said(browser.get("/console/kpis"))
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
    for days_ago in range(5, 1300, 10):
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


# The API's manual


def test_the_manual_has_every_route(stranger: TestClient) -> None:
    page = stranger.get("/docs")
    assert page.status_code == 200
    app = stranger.app
    assert isinstance(app, FastAPI)
    routes = [(path, route) for path, route in api_routes(app) if route.include_in_schema]
    assert len(routes) > 30
    for path, route in routes:
        for method in route.methods or ():
            address = path.replace(":path}", "}")
            anchor = f"{method.lower()}{address}".translate({ord("/"): "-", ord("{"): None, ord("}"): None})
            assert f'href="#{anchor}"' in page.text
            assert f'<article class="panel operation" id="{anchor}"' in page.text
    anchors = set(re.findall(r'id="([^"]+)"', page.text))
    assert set(re.findall(r'href="#([^"]+)"', page.text)) <= anchors


def test_every_example_of_the_manual_is_accepted(stranger: TestClient) -> None:
    app = stranger.app
    assert isinstance(app, FastAPI)
    documented = {
        one.path: one for group in operations(app.openapi(), "http://x").values() for one in group if one.example
    }
    written = [
        (path, route)
        for path, route in api_routes(app)
        if "POST" in (route.methods or ()) and route.include_in_schema and path != "/v1/imports"  # a form, no JSON
    ]
    assert len(written) > 20
    for path, route in written:
        assert route.body_field is not None
        example = documented[path].example
        assert example is not None
        command = route.body_field.field_info.annotation
        assert command is not None
        command.model_validate_json(example)
        assert json.dumps(json.loads(example), ensure_ascii=False) in documented[path].curl
