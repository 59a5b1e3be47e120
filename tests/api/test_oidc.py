"""Members sign in to the console by the sign-in service: there and back, and every way it may go wrong."""

from collections.abc import Iterator
from pathlib import Path
from time import time
from urllib.parse import parse_qs, urlsplit
from urllib.request import HTTPErrorProcessor, build_opener

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from api import membership
from api.app import create_app
from api.console import oidc
from api.settings import Settings
from api.store import SYSTEM_ID, Store
from domain.event import MemberId
from eventstore.database import Connection
from eventstore.log import Envelope
from tests.api.issuer import AUDIENCE, CLIENT_ID, CLIENT_SECRET, LocalIssuer, serving
from tests.api.test_tokens import noted
from tests.conftest import settings_for

BY = Envelope("system", SYSTEM_ID, "tests")
START, BACK = "/console/sign-in/oidc", "/console/sign-in/oidc/callback"


class _Unfollowed(HTTPErrorProcessor):
    def http_response(self, request: object, response: object) -> object:
        return response


@pytest.fixture
def service() -> Iterator[LocalIssuer]:
    with serving() as issuer:
        yield issuer


@pytest.fixture
def settings(conninfo: str, tmp_path: Path, service: LocalIssuer) -> Settings:
    """Settings of a console that is registered with the service."""
    registered = {
        "DATABASE_URL": conninfo,
        "secret": "test",
        "data": tmp_path / "data",
        "oidc_issuer": service.address,
        "oidc_audience": AUDIENCE,
        "oidc_client_id": CLIENT_ID,
        "oidc_client_secret": CLIENT_SECRET,
        "public_url": "http://localhost/",
    }
    return Settings.model_validate(registered).model_copy(update={"public_url": "http://testserver/"})


@pytest.fixture
def ann(store: Store, service: LocalIssuer) -> MemberId:
    member_id = membership.invite(store, "Ann Example", BY)
    membership.grant(store, member_id, "admin", BY)
    membership.identify(store, member_id, service.address, "ann", BY)
    return member_id


@pytest.fixture
def browser(store: Store) -> Iterator[TestClient]:
    with TestClient(create_app(store), follow_redirects=False) as browser:
        yield browser


def sent_back(browser: TestClient) -> str:
    """Set out for the service, sign in there; the address that it sends the browser back to."""
    there = browser.get(START)
    assert there.status_code == 303
    with build_opener(_Unfollowed).open(there.headers["location"]) as answer:
        assert answer.status == 302
        place = answer.headers["Location"]
    assert place.startswith("http://testserver/")
    return str(place.removeprefix("http://testserver"))


def is_signed_in(browser: TestClient) -> bool:
    return browser.get("/console/kpis").status_code == 200


def test_a_member_signs_in_and_out(store: Store, browser: TestClient, ann: MemberId, connection: Connection) -> None:
    page = browser.get("/console/kpis")
    assert page.status_code == 401
    assert f'href="{START}"' in page.text
    back = browser.get(sent_back(browser))
    assert back.status_code == 200
    assert '<meta http-equiv="refresh" content="0; url=/console">' in back.text
    assert back.headers["referrer-policy"] == "no-referrer"
    cookies = back.headers.get_list("set-cookie")
    assert any(cookie.startswith("everfold_session=") and "SameSite=strict" in cookie for cookie in cookies)
    assert any(cookie.startswith('everfold_sign_in=""; ') and "Max-Age=0" in cookie for cookie in cookies)
    assert is_signed_in(browser)
    assert browser.post("/console/sign-out", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303
    assert not is_signed_in(browser)
    assert noted(connection) == [("oidc", "signed_in", ann), ("session", "signed_out", ann)]


def test_what_is_asked_of_the_service(browser: TestClient, service: LocalIssuer) -> None:
    first, second = browser.get(START), browser.get(START)
    asked, again = (
        {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}
        for answer in (first, second)
    )
    fixed = {"client_id": CLIENT_ID, "response_type": "code", "scope": "openid", "code_challenge_method": "S256"}
    assert asked.items() >= (fixed | {"redirect_uri": f"http://testserver{BACK}"}).items()
    assert asked.keys() - fixed.keys() == {"redirect_uri", "state", "nonce", "code_challenge"}
    secrets = {asked[name] for name in ("state", "nonce", "code_challenge")}
    assert len(secrets | {again[name] for name in ("state", "nonce", "code_challenge")}) == 6
    cookie = first.headers["set-cookie"]
    assert cookie.startswith("everfold_sign_in=")
    assert "HttpOnly; Max-Age=600; Path=/; SameSite=lax" in cookie
    assert not any(secret in cookie for secret in secrets)


def refused(answer: Response) -> bool:
    cookies = answer.headers.get("set-cookie", "")
    return answer.status_code == 401 and "everfold_session" not in cookies and "did not confirm" in answer.text


@pytest.mark.parametrize("wrong", ["state", "no state", "iss", "error", "no code", "made-up code"])
def test_an_answer_that_does_not_fit_is_refused(
    browser: TestClient, ann: MemberId, service: LocalIssuer, wrong: str
) -> None:
    place = sent_back(browser)
    query = {name: values[0] for name, values in parse_qs(urlsplit(place).query).items()}
    changed: dict[str, dict[str, str]] = {
        "state": {"state": "0" * 64},
        "no state": {"state": ""},
        "iss": {"iss": "https://evil.example"},
        "error": {"error": "access_denied"},
        "no code": {"code": ""},
        "made-up code": {"code": "code-made-up"},
    }
    assert refused(browser.get(BACK, params=query | changed[wrong]))
    assert not is_signed_in(browser)


def test_an_answer_is_good_once_and_in_the_browser_that_asked(store: Store, browser: TestClient, ann: MemberId) -> None:
    place = sent_back(browser)
    with TestClient(create_app(store), follow_redirects=False) as other:
        assert refused(other.get(place)), "nobody is signed in by somebody else's address"
        sent_back(other)
        assert refused(other.get(place))
    errand = browser.cookies["everfold_sign_in"]
    assert browser.get(place).status_code == 200
    browser.cookies.clear()
    assert refused(browser.get(place, headers={"Cookie": f"everfold_sign_in={errand}"}))


def test_an_errand_lasts_ten_minutes(browser: TestClient, ann: MemberId, monkeypatch: pytest.MonkeyPatch) -> None:
    place = sent_back(browser)
    now = time()
    monkeypatch.setattr(oidc, "seconds_now", lambda: now + 601)
    assert refused(browser.get(place))
    monkeypatch.setattr(oidc, "seconds_now", lambda: now + 590)
    assert browser.get(place).status_code == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": AUDIENCE},
        {"aud": [CLIENT_ID, AUDIENCE]},
        {"aud": [CLIENT_ID, AUDIENCE], "azp": "another"},
        {"azp": "another"},
        {"iss": "https://evil.example"},
        {"exp": 1},
        {"sub": ""},
    ],
    ids=str,
)
def test_an_id_token_that_is_not_for_this_sign_in_is_refused(
    browser: TestClient, ann: MemberId, service: LocalIssuer, claims: dict[str, object]
) -> None:
    service.id_claims = claims
    assert refused(browser.get(sent_back(browser)))


def test_an_id_token_for_others_too_names_who_asked(browser: TestClient, ann: MemberId, service: LocalIssuer) -> None:
    service.id_claims = {"aud": [CLIENT_ID, AUDIENCE], "azp": CLIENT_ID}
    assert browser.get(sent_back(browser)).status_code == 200


def test_somebody_who_does_not_work_here_is_told_what_to_ask_for(
    store: Store, browser: TestClient, service: LocalIssuer, ann: MemberId, connection: Connection
) -> None:
    service.subject = "<b>eve</b>"
    answer = browser.get(sent_back(browser))
    assert answer.status_code == 403
    assert "&lt;b&gt;eve&lt;/b&gt;" in answer.text
    assert "everfold_session" not in answer.headers.get("set-cookie", "")
    assert noted(connection) == [("oidc", "not_a_member", None)]
    service.subject = "ann"
    membership.grant(store, membership.invite(store, "Bob", BY), "admin", BY)
    membership.deactivate(store, ann, None, BY)
    assert browser.get(sent_back(browser)).status_code == 403


def test_a_session_before_ends_with_the_new_one(browser: TestClient, ann: MemberId) -> None:
    browser.get(sent_back(browser))
    first = browser.cookies["everfold_session"]
    browser.get(sent_back(browser))
    assert is_signed_in(browser)
    browser.cookies.clear()
    assert browser.get("/console/kpis", headers={"Cookie": f"everfold_session={first}"}).status_code == 401


def test_a_service_that_does_not_answer_is_told_apart(browser: TestClient, ann: MemberId, service: LocalIssuer) -> None:
    place = sent_back(browser)
    service.exchange = lambda *_: (503, {})  # type: ignore[method-assign]
    assert browser.get(place).status_code == 503
    service.exchange = lambda *_: (302, {})  # type: ignore[method-assign]
    assert browser.get(place).status_code in (401, 503)
    assert not is_signed_in(browser)


def test_where_no_service_is_set_up_there_is_nothing(conninfo: str, tmp_path: Path, store: Store) -> None:
    object.__setattr__(store, "settings", settings_for(conninfo, tmp_path))
    with TestClient(create_app(store)) as browser:
        for address in (START, BACK):
            assert browser.get(address).status_code == 404
        assert START not in browser.get("/console/kpis").text


def test_packages_that_are_missing_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    oidc.must_have_packages()
    monkeypatch.setattr(oidc, "find_spec", lambda name: None if name == "authlib" else object())
    with pytest.raises(oidc.OidcMissing, match=r"pip install 'everfold\[oidc\]'"):
        oidc.must_have_packages()
