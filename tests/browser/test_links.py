"""Every link of the console leads somewhere, every page can be reached by links, and each role sees what is its own."""

import re
from collections import Counter, deque
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, expect

from api.app import create_app
from api.console.cookies import SESSION
from api.console.frame import ROOMS
from api.sessions import begin_session, create_sign_in_link
from api.store import append_to_workspace
from domain.event import MemberId
from domain.workspace import ROLES, Role, WorkspaceMemberInvited, WorkspaceMemberRoleGranted
from tests.api.permitted import promise_for, promised_scopes, tables
from tests.browser.pages import NO_PAGES, PLACES, Company, console_routes

FROM_HERE = {"Sec-Fetch-Site": "same-origin"}
STREAMS = ("/console/live/", "/console/log/tail")
"""They do not end."""
ALIKE = 3
"""So many addresses that differ only in ids, numbers and what is typed are followed."""

NOT_LINKED = {"/console/imports/drafts/{draft_id}"}
"""Who uploads a file is led there, and nobody else."""

FOUND_BY_NAME = "customers-none"
"""Nothing can be found by what one may not see."""


class Links(HTMLParser):
    """What a page refers to: its links, what its script fetches, its files, and its forms that only ask."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        asks = (told.get("method") or "").lower() == "get"
        names = ["href", "src", "hx-get", "data-live", *(["action"] if asks else [])]
        self.found += [address for name in names if (address := told.get(name))]


@pytest.fixture
def browser(company: Company) -> Iterator[TestClient]:
    """Somebody who may do everything."""
    with TestClient(create_app(company.store), headers=FROM_HERE) as client:
        assert client.get(create_sign_in_link(company.store)).status_code == 200
        yield client


def folded(address: str) -> str:
    """What addresses of one kind have in common."""
    parts = urlsplit(address)
    path = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/)\d+(?=/|$)", "*", parts.path)
    return f"{path}?{'&'.join(sorted({name for name, _ in parse_qsl(parts.query)}))}"


@pytest.mark.full
def test_every_link_leads_somewhere_and_every_page_is_linked(browser: TestClient, company: Company) -> None:
    waiting, seen, kinds = deque(["/console"]), {"/console"}, Counter[str]()
    broken: list[tuple[str, str, int]] = []
    reached: set[str] = set()
    begun_at: dict[str, str] = {}
    while waiting:
        address = waiting.popleft()
        answer = browser.get(address)
        reached.add(answer.url.path)
        if answer.status_code >= 400:
            broken.append((begun_at[address], address, answer.status_code))
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        for link in Links(answer.text).found:
            whole = urljoin(str(answer.url), link)
            near = urlsplit(whole)
            assert near.netloc == answer.url.host, f"{address} leads away: {link}"
            target = f"{near.path}?{near.query}" if near.query else near.path
            kind = folded(target)
            if target in seen or near.path.startswith(STREAMS) or kinds[kind] >= ALIKE:
                continue
            seen.add(target)
            kinds[kind] += 1
            begun_at[target] = address
            waiting.append(target)
    assert broken == []
    assert len(seen) > 200
    missed = {
        route
        for route in console_routes(browser.app) - NO_PAGES  # type: ignore[arg-type]  # it is the application
        if not any(re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", route), path) for path in reached)
    }
    assert missed == NOT_LINKED


def test_an_address_of_one_kind_is_told() -> None:
    some = f"/console/customers/{uuid4()}/events/17?b=1&a=2"
    assert folded(some) == "/console/customers/*/events/*?a&b"


def signed_in_as(company: Company, role: Role) -> str:
    """The token of a session of a new member who has this role alone."""
    member_id = MemberId(uuid4())
    with company.store.pool.connection() as connection:
        append_to_workspace(connection, None, WorkspaceMemberInvited(member_id=member_id, name=f"The {role}"))
        append_to_workspace(connection, None, WorkspaceMemberRoleGranted(member_id=member_id, role=role))
    return begin_session(company.store, member_id, "link")


BY_ROLE = [pytest.param(role, marks=() if role == "agent" else pytest.mark.full) for role in ROLES]


@pytest.mark.parametrize("role", BY_ROLE)
def test_each_role_is_led_to_what_it_may_see_and_to_nothing_else(company: Company, role: Role) -> None:
    may = promised_scopes()[role]
    sees_all = {line[0]: line[1] for line in tables()["Role Records"][1:]}[role] == "all"
    with TestClient(create_app(company.store), headers=FROM_HERE) as client:
        client.cookies.set(SESSION, signed_in_as(company, role))
        linked = set(Links(client.get("/console").text).found)
        rooms = {room.address: room.scope is None or room.scope in may for room in ROOMS}
        assert {address: address in linked for address in rooms} == rooms
        for place in PLACES:
            promise = promise_for("GET", place.route)
            allowed = promise is None or (promise.scopes <= may and (sees_all or promise.record != "all"))
            allowed &= place.name != FOUND_BY_NAME or "personal:read" in may
            answer = client.get(company.address(place))
            assert (answer.status_code != 403) == allowed, (place.name, answer.status_code)
            assert "<h1" in answer.text


@pytest.mark.full
def test_an_agent_sees_no_settings(chromium: Browser, company: Company, company_base: str) -> None:
    context = chromium.new_context(base_url=company_base)
    token = signed_in_as(company, "agent")
    context.add_cookies([{"name": SESSION, "value": token, "url": company_base}])
    page = context.new_page()
    page.goto("/console")
    rooms = page.get_by_role("navigation", name="Main").get_by_role("link")
    assert rooms.all_inner_texts() == ["Home", "Customers", "Pipeline", "Tickets", "Agenda", "Figures", "API"]
    page.goto("/console/settings/pipelines")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("button", name="Publish")).to_have_count(0)
    expect(page.get_by_text("settings:read")).to_be_visible()
    context.close()
