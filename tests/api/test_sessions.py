"""The console's sessions: whose they are, when they end, and that no other site can use them."""

import re
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from api import membership
from api.access import api_routes
from api.app import create_app
from api.console.frame import _POLICY
from api.sessions import close_sessions_of, create_sign_in_link
from api.settings import Settings
from api.store import OPERATOR_ID, SYSTEM_ID, Store, append_to_workspace
from domain.event import MemberId
from domain.workspace import UnknownMember, WorkspaceMemberInvited
from eventstore import log
from eventstore.database import Connection
from tests.api.console import hidden, lead
from tests.api.test_tokens import noted
from tests.conftest import settings_for

BY = log.Envelope("system", SYSTEM_ID, "tests")
CONSOLE = "/console/kpis"


@pytest.fixture
def browser(store: Store) -> Iterator[TestClient]:
    """A browser that nobody has signed in with."""
    with TestClient(create_app(store), headers={"Sec-Fetch-Site": "same-origin"}) as browser:
        yield browser


@pytest.fixture
def ann(store: Store) -> MemberId:
    """A member who may do everything."""
    member_id = membership.invite(store, "Ann Example", BY)
    membership.grant(store, member_id, "admin", BY)
    return member_id


def sign_in(store: Store, browser: TestClient, member_id: UUID = OPERATOR_ID) -> str:
    """Open a link; the session's token."""
    assert browser.get(create_sign_in_link(store, member_id), follow_redirects=False).status_code == 303
    return browser.cookies["everfold_session"]


def status(browser: TestClient) -> int:
    return browser.get(CONSOLE).status_code


def pass_time(connection: Connection, **ago: str) -> None:
    """Let the sessions be older than they are."""
    for column, interval in ago.items():
        connection.execute(f"UPDATE access.session SET {column} = {column} - %s::interval", [interval])


def test_a_members_link_signs_her_in_under_her_own_name(store: Store, browser: TestClient, ann: MemberId) -> None:
    sign_in(store, browser, ann)
    lead_id = lead(store)
    form = hidden(browser.get(f"/console/leads/{lead_id}"))
    assert browser.post(f"/console/leads/{lead_id}/win", data=form).status_code == 200
    with store.pool.connection() as connection:
        won = log.load(connection, lead_id).history[-1]
    assert (won.type, won.actor) == ("lead.won", {"kind": "user", "id": str(ann)})


def test_a_link_is_made_only_for_who_works_here(store: Store, ann: MemberId) -> None:
    with pytest.raises(UnknownMember):
        create_sign_in_link(store, uuid4())
    other = membership.invite(store, "Bob", BY)
    membership.deactivate(store, other, None, BY)
    with pytest.raises(UnknownMember):
        create_sign_in_link(store, other)


def test_a_session_ends_when_nothing_is_done_in_it(store: Store, browser: TestClient, connection: Connection) -> None:
    sign_in(store, browser)
    for _ in range(3):
        pass_time(connection, last_seen_at="29 minutes")
        assert status(browser) == 200, "to do something begins the half hour anew"
    pass_time(connection, last_seen_at="31 minutes")
    assert status(browser) == 401
    assert "./crm sign-in" in browser.get(CONSOLE).text


def test_a_session_ends_after_half_a_day_in_any_case(store: Store, browser: TestClient, connection: Connection) -> None:
    sign_in(store, browser)
    pass_time(connection, expires_at="11 hours 59 minutes")
    assert status(browser) == 200
    pass_time(connection, expires_at="1 minute")
    assert status(browser) == 401


def test_how_long_sessions_last_can_be_set(conninfo: str, tmp_path: Path, store: Store, connection: Connection) -> None:
    own = store.settings.model_copy(update={"session_idle_minutes": 5, "session_hours": 1})
    object.__setattr__(store, "settings", own)
    with TestClient(create_app(store)) as browser:
        sign_in(store, browser)
        pass_time(connection, last_seen_at="6 minutes")
        assert status(browser) == 401
        sign_in(store, browser)
        pass_time(connection, expires_at="61 minutes")
        assert status(browser) == 401


def test_that_a_session_is_used_is_written_down_once_a_minute(
    store: Store, browser: TestClient, connection: Connection
) -> None:
    def written() -> int:
        row = connection.execute("SELECT xmin::text::bigint AS writer FROM access.session").fetchone()
        assert row
        return int(row["writer"])

    sign_in(store, browser)
    before = written()
    assert status(browser) == 200
    assert written() == before
    pass_time(connection, last_seen_at="2 minutes")
    passed = written()
    assert status(browser) == 200
    assert written() != passed


def test_a_member_who_is_signed_out_is_out_everywhere(store: Store, browser: TestClient, ann: MemberId) -> None:
    link = create_sign_in_link(store, ann)
    sign_in(store, browser, ann)
    with TestClient(create_app(store)) as operator:
        sign_in(store, operator)
        assert close_sessions_of(store, ann) == 1
        assert (status(browser), status(operator)) == (401, 200)
    assert browser.get(link).status_code == 401, "nor does a link help that was there already"
    assert close_sessions_of(store, ann) == 0


@pytest.mark.parametrize("comes_back", [False, True])
def test_a_member_who_leaves_is_out_at_once(
    store: Store, browser: TestClient, ann: MemberId, comes_back: bool, connection: Connection
) -> None:
    other = membership.invite(store, "Bob", BY)
    membership.grant(store, other, "admin", BY)
    link = create_sign_in_link(store, ann)
    sign_in(store, browser, ann)
    membership.deactivate(store, ann, "Retired", BY)
    if comes_back:
        append_to_workspace(connection, None, WorkspaceMemberInvited(member_id=ann, name="Ann Example"))
    assert status(browser) == 401
    assert browser.get(link).status_code == 401
    if comes_back:
        sign_in(store, browser, ann)
        assert status(browser) == 403, "she has no roles yet"


def test_a_session_that_was_planted_is_not_taken_over(store: Store, browser: TestClient) -> None:
    def opens(session: str) -> bool:
        browser.cookies.clear()
        return browser.get(CONSOLE, headers={"Cookie": f"everfold_session={session}"}).status_code == 200

    def signed_in_with(held: str) -> str:
        browser.cookies.clear()
        link = create_sign_in_link(store)
        assert (
            browser.get(link, headers={"Cookie": f"everfold_session={held}"}, follow_redirects=False).status_code == 303
        )
        return browser.cookies["everfold_session"]

    first = signed_in_with("planted")
    assert first != "planted"
    assert (opens("planted"), opens(first)) == (False, True)
    second = signed_in_with(first)
    assert (opens(first), opens(second)) == (False, True), "to sign in again ends the session before"


def test_sign_ins_are_noted_and_nothing_personal_is_said(
    store: Store, browser: TestClient, ann: MemberId, connection: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    token = sign_in(store, browser, ann)
    browser.get("/console/sign-in?token=worthless")
    browser.post("/console/sign-out")
    assert noted(connection) == [("link", "signed_in", ann), ("link", "refused", None), ("session", "signed_out", ann)]
    said = capsys.readouterr().out
    assert said.count("] sign-in ") == 3
    assert token not in said
    assert "worthless" not in said
    assert "Ann" not in said
    for change in ("UPDATE access.sign_in SET way = 'x'", "DELETE FROM access.sign_in", "TRUNCATE access.sign_in"):
        with pytest.raises(Exception, match="append-only"):
            connection.execute(change)


# What no other site can do


@pytest.fixture
def encrypted(conninfo: str, tmp_path: Path) -> Settings:
    """Settings of a console behind a proxy that ends the encryption."""
    return settings_for(conninfo, tmp_path / "data").model_copy(update={"public_url": "https://crm.example"})


def test_over_https_the_cookie_is_this_hosts_alone(store: Store, encrypted: Settings) -> None:
    object.__setattr__(store, "settings", encrypted)
    with TestClient(create_app(store), base_url="http://10.0.0.7:8000") as browser:
        first = browser.get(create_sign_in_link(store), follow_redirects=False)
        cookie = first.headers["set-cookie"]
        assert re.fullmatch(r"__Host-everfold_session=[\w-]{43}; HttpOnly; Path=/; SameSite=strict; Secure", cookie)
        assert first.headers["strict-transport-security"] == "max-age=31536000"
        held = {"Cookie": cookie.partition(";")[0]}
        plain = {"Cookie": held["Cookie"].removeprefix("__Host-")}
        assert browser.get(CONSOLE, headers=held).status_code == 200
        assert browser.get(CONSOLE, headers=plain).status_code == 401
        for origin, expected in (("https://crm.example", 303), ("https://evil.example", 403)):
            out = browser.post("/console/sign-out", headers=held | {"Origin": origin}, follow_redirects=False)
            assert out.status_code == expected


def console_forms(store: Store) -> list[str]:
    """Every address of the console that takes a form, for a lead that is there."""
    lead_id = lead(store)
    paths = [
        path
        for path, route in api_routes(create_app(store))
        if path.startswith("/console") and "POST" in (route.methods or ())
    ]
    return [re.sub(r"\{\w+\}", str(uuid4()), path.replace("{lead_id}", str(lead_id))) for path in paths]


def test_no_form_of_the_console_is_taken_from_another_site(
    store: Store, browser: TestClient, connection: Connection
) -> None:
    sign_in(store, browser)
    del browser.headers["Sec-Fetch-Site"]
    addresses = console_forms(store)
    assert len(addresses) > 10
    (before,) = connection.execute("SELECT count(*) AS events FROM log.event").fetchall()
    for address in addresses:
        assert "{" not in address
        for headers in (
            {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
            {"Sec-Fetch-Site": "same-site", "Origin": "http://testserver"},
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {},
        ):
            answer = browser.post(address, data={"form_key": "12345678", "version": "1"}, headers=headers)
            assert answer.status_code == 403, address
            assert "was not sent from a page of this console" in answer.text
    assert connection.execute("SELECT count(*) AS events FROM log.event").fetchall() == [before]
    assert status(browser) == 200, "nor was anybody signed out"


SAFE = {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
PAGE = SAFE | {"content-security-policy": _POLICY, "referrer-policy": "same-origin"}


def test_pages_fetch_and_send_nothing_elsewhere() -> None:
    said = dict(part.split(" ", 1) for part in _POLICY.split("; "))
    assert [said[name] for name in ("default-src", "frame-ancestors", "base-uri")] == ["'none'"] * 3
    assert said["form-action"] == "'self'"
    assert {source for value in said.values() for source in value.split()} <= {"'none'", "'self'", "data:"}
    assert "data:" not in said.get("script-src", "")


def test_every_answer_says_what_a_browser_may_do_with_it(store: Store, browser: TestClient) -> None:
    sign_in(store, browser)
    app = create_app(store)
    seen = set()
    for path, route in api_routes(app):
        address = re.sub(r"\{\w+\}", str(uuid4()), path)
        for method in route.methods or ():
            answer = browser.request(method, address, follow_redirects=False)
            seen.add(answer.status_code)
            is_page = path in ("/", "/docs") or path.startswith("/console")
            if path.startswith("/console/static") or path == "/openapi.json":  # which may be kept
                continue
            expected = PAGE if is_page else SAFE
            assert {name: answer.headers.get(name) for name in expected} == expected, f"{method} {path}"
    for address in ("/v1/unknown",):
        answer = browser.get(address)
        seen.add(answer.status_code)
        assert {name: answer.headers.get(name) for name in SAFE} == SAFE
    assert {200, 303, 401, 404} <= seen
    with TestClient(app, raise_server_exceptions=False) as broken:
        store.pool.close()
        assert broken.get("/console/sign-in?token=x").headers["x-content-type-options"] == "nosniff"
