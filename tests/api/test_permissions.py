"""The promise of docs/permissions.md, asked cell by cell: every route in every role, on every record and field."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_args
from uuid import UUID, uuid4

import pytest

from api.access import SCOPES, api_routes, principal_of_member
from api.permissions import OPEN
from domain.workspace import ROLES, Records, Role
from projections.lists.nouns import NOUNS
from tests.api.permitted import (
    ANN,
    OF_RECORDS,
    SEEN,
    House,
    Route,
    promise_for,
    promised_routes,
    promised_scopes,
    tables,
)

NEVER = '"999999"'
"""An ETag that no record has yet: a command on a record that may be seen stops at it, and changes nothing."""
SOME_FIGURES = ("win_rate", "nps", "customer_health", "clv_historic", "backlog")
ALIKE = ("status", "code", "title", "detail")
Routes = Callable[[House], Iterator[tuple[str, str]]]


def asked(company: House) -> Iterator[tuple[str, str]]:
    """Method and path of every route."""
    for path, route in api_routes(company.app):
        yield from ((method, path) for method in sorted(route.methods or ()))


def representatives(company: House) -> Iterator[tuple[str, str]]:
    """Method and path of every route; of the commands that the page has one line for, only the first. They are made by
    one function from one table, and each is asked on its own below."""
    met: set[Route] = set()
    for method, path in asked(company):
        promise = promise_for(method, path)
        if promise and promise.path.endswith("*"):
            if promise in met:
                continue
            met.add(promise)
        yield method, path


def body_of(company: House, method: str, path: str) -> object:
    """The example of what the route takes."""
    told: Mapping[str, Any] = company.app.openapi()["paths"].get(path, {}).get(method.lower(), {})
    return told.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")


ACTS = {"customers": "archive", "tickets": "assign"}
"""A form of the console's pages about a record, where it is not that of leads."""


def ask(company: House, method: str, path: str, headers: Mapping[str, str], stream_id: UUID | str = "win_rate") -> Any:
    """An answer; whatever is named in the path is this id, or else a figure."""
    filled = re.sub(r"\{[\w:]+\}", str(stream_id), path, count=1)
    act = next((act for noun, act in ACTS.items() if path.startswith(f"/console/{noun}/")), "win")
    filled = re.sub(r"\{[\w:]+\}", act, filled)
    query = {"from": "2026-01-01", "to": "2026-02-01"} if path.endswith("/difference") else {}
    query |= {"q": "x"} if path == "/v1/search" else {}
    if method == "GET":
        return company.client.get(filled, headers=headers, params=query)
    if path.startswith("/console"):
        form = {"form_key": "a" * 16, "version": "999999"}
        return company.client.request(method, filled, headers=headers, data=form)
    stopped = {**headers, "If-Match": NEVER}
    return company.client.request(method, filled, headers=stopped, json=body_of(company, method, path))


def test_every_route_is_promised_and_every_promise_is_a_route(company: House) -> None:
    routes = set(asked(company))
    open_to_all = {tuple(line[0].strip("`").split(" ")) for line in tables()["Route"][1:]}
    assert {path for _, path in open_to_all} <= OPEN
    unpromised = [route for route in routes - open_to_all if promise_for(*route) is None]
    assert not unpromised, f"docs/permissions.md says nothing of {unpromised}"
    kept = {promise_for(*route) for route in routes - open_to_all}
    assert not [route for route in promised_routes() if route not in kept]


@pytest.mark.parametrize("role", ROLES)
def test_a_role_brings_the_scopes_records_and_fields_that_are_promised(company: House, role: Role) -> None:
    with company.store.pool.connection() as connection:
        member = principal_of_member(company.store, connection, company.members[role])
    lines = {line[0]: line[1:] for line in tables()["Role Records"][1:]}
    records, colleagues, personal = lines[role]
    assert member.scopes == promised_scopes()[role]
    assert set(promised_scopes()) == set(ROLES) and {line[0].strip("`") for line in tables()["Scope admin"][1:]} == {
        *SCOPES
    }
    assert (member.sight.records, member.sight.personal) == (records, personal == "yes")
    assert (bool(member.sight.colleagues) or member.sight.records == "all") == (colleagues == "yes")


@pytest.mark.parametrize("routes", [representatives, pytest.param(asked, marks=pytest.mark.full)])
@pytest.mark.parametrize("role", ROLES)
def test_every_route_in_every_role(company: House, role: Role, routes: Routes) -> None:
    key, session = company.key_of(role), company.session_of(company.members[role])
    may = promised_scopes()[role]
    sees_all = {line[0]: line[1] for line in tables()["Role Records"][1:]}[role] == "all"
    for method, path in routes(company):
        promise = promise_for(method, path)
        if promise is None:
            continue
        answer = ask(company, method, path, session if path.startswith("/console") else key, uuid4())
        allowed = promise.scopes <= may and (sees_all or promise.record != "all")
        assert (answer.status_code != 403) == allowed, (role, method, path, answer.status_code)
        assert answer.status_code not in (401, 500), (role, method, path, answer.text[:200])


def test_nobody_gets_in_without_a_key_or_a_session(company: House) -> None:
    for method, path in asked(company):
        if promise_for(method, path):
            headers = {"Sec-Fetch-Site": "same-origin"} if path.startswith("/console") else {}
            assert ask(company, method, path, headers, uuid4()).status_code == 401, (method, path)


def on_records(company: House, routes: Routes = asked) -> list[tuple[str, str, Route]]:
    """The routes with a record's id in the path."""
    found = [(method, path, promise_for(method, path)) for method, path in routes(company)]
    return [(method, path, of) for method, path, of in found if of and of.record in OF_RECORDS]


@pytest.mark.parametrize("routes", [representatives, pytest.param(asked, marks=pytest.mark.full)])
@pytest.mark.parametrize("records", get_args(Records))
def test_what_may_not_be_seen_is_answered_as_what_is_not_there(
    company: House, records: Records, routes: Routes
) -> None:
    key = company.key(member_id=ANN, records=records)
    for method, path, promise in on_records(company, routes):
        if path.startswith("/console"):
            continue
        unknown = ask(company, method, path, key, uuid4())
        for whose, one in company.records.items():
            answer = ask(company, method, path, key, one.id_of(promise.record))
            told = (records, whose, method, path, answer.status_code, answer.text[:300])
            if whose in SEEN[records]:
                # what begins another record from this one takes no If-Match
                stopped = 400 if path.endswith("/open-follow-up") else 412
                assert answer.status_code == (200 if method == "GET" else stopped), told
            else:
                assert_alike(answer, unknown, told)


def assert_alike(answer: Any, unknown: Any, told: object) -> None:
    assert (answer.status_code, unknown.status_code) == (404, 404), told
    assert [answer.json().get(name) for name in ALIKE] == [unknown.json().get(name) for name in ALIKE], told


def test_every_command_is_answered_on_what_may_not_be_seen_as_on_what_is_not_there(company: House) -> None:
    own, everybody = company.key(member_id=ANN, records="own"), company.key()
    other, commands = company.records["other team's"], 0
    for method, path, promise in on_records(company):
        if method != "POST" or path.startswith("/console"):
            continue
        commands += 1
        unknown = ask(company, method, path, own, uuid4())
        assert_alike(ask(company, method, path, own, other.id_of(promise.record)), unknown, path)
        assert_alike(ask(company, method, path, everybody, uuid4()), unknown, path)
    assert commands > 100


BY_ROLE: Mapping[Role, set[str]] = {"manager": {"own", "team", "colleague's"}, "agent": {"team"}}


OTHERS = [pytest.param(role, marks=pytest.mark.full) for role in ("admin", "auditor")]


@pytest.mark.parametrize("role", [*BY_ROLE, *OTHERS])
def test_pages_show_a_member_what_her_roles_let_her_see(company: House, role: Role) -> None:
    session = company.session_of(company.members[role])
    board = company.client.get("/console/pipeline", headers=session).text
    for whose, one in company.records.items():
        seen = whose in BY_ROLE.get(role, set(company.records))
        assert (one.canary in board) == seen, whose
        assert company.client.get(f"/console/leads/{one.lead}", headers=session).status_code == (200 if seen else 404)
        for method, path, promise in on_records(company, representatives):
            if method == "POST" and path.startswith("/console") and promise.scopes <= promised_scopes()[role]:
                answer = ask(company, method, path, session, getattr(one, promise.record))
                assert (answer.status_code != 404) == seen, (whose, path, answer.status_code)


def reading(company: House, *, personal: bool) -> Iterator[str]:
    """Every address that somebody may read, lists and records alike."""
    for method, path in asked(company):
        promise = promise_for(method, path)
        if method != "GET" or promise is None or path.startswith("/console") or "import_id" in path:
            continue
        if "personal:read" in promise.scopes and not personal:
            continue
        if promise.record in OF_RECORDS or "{customer_id}" in path:
            for one in company.records.values():
                noun = "customer" if promise.record == "all" else promise.record
                yield re.sub(r"\{\w+\}", str(one.id_of(noun)), path)
        elif path.endswith("{key:path}"):
            noun = path.split("/")[2].removesuffix("s")
            named = path.replace("{system}", "crm").replace("{key:path}", "" if noun == "customer" else f"{noun}%20")
            yield from (named + one.canary for one in company.records.values())
        elif path == "/v1/search":
            yield from (f"{path}?q={one.canary}" for one in company.records.values())
        elif "_id}" in path:
            yield re.sub(r"\{\w+\}", str(ANN), path)
        elif "{slug}" in path:
            yield from (path.replace("{slug}", slug) for slug in SOME_FIGURES)
        else:
            yield path.replace("{name}", "none")
    for listed in NOUNS.values():
        yield f"/v1/{listed.name}?limit=200&expand={','.join(listed.expands)}"


IN_THE_GATE = (("team", True), ("own", False), ("all", False))
SIGHTS = [
    pytest.param(records, personal, marks=() if (records, personal) in IN_THE_GATE else pytest.mark.full)
    for records in get_args(Records)
    for personal in (True, False)
]


@pytest.mark.parametrize(("records", "personal"), SIGHTS)
def test_nothing_that_is_read_tells_of_what_may_not_be_seen(company: House, records: Records, personal: bool) -> None:
    scopes = [scope for scope in SCOPES if personal or scope != "personal:read"]
    key = company.key(scopes, member_id=ANN, records=records)
    met: set[str] = set()
    for address in reading(company, personal=personal):
        if address.endswith("/difference"):
            address += "?from=2026-01-01&to=2026-02-01"
        text = company.client.get(address, headers=key).text
        met |= {whose for whose, one in company.records.items() if str(one.lead) in text}
        for whose, one in company.records.items():
            hidden = one.marks() if whose not in SEEN[records] else [] if personal else [one.canary]
            assert not [mark for mark in hidden if mark in text.replace(address, "")], (records, whose, address)
    assert met == SEEN[records]
