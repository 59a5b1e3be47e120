"""Whoever is shown what is personal is noted, whatever the address: nobody looks at a customer without a trace."""

from collections.abc import Mapping
from uuid import UUID

import pytest

from api import noting
from eventstore.audit.accesses import accesses
from eventstore.database import UNAVAILABLE
from projections.lists.nouns import NOUNS
from tests.api.permitted import House
from tests.api.test_permissions import reading

PAGES = (
    "/console/customers", "/console/pipeline", "/console/tickets", "/console/agenda?who=everybody",
    "/console/log", "/console/kpis/win_rate/events", "/console/search?q=canary",
    "/console/customers/{customer}", "/console/customers/{customer}/merge", "/console/leads/{lead}",
    "/console/tickets/{ticket}",
)  # fmt: skip


def noted(company: House) -> dict[str, set[tuple[UUID, str]]]:
    """By whose record it is: the accesses to its customer, each with the route."""
    company.app.state.noting.flush()
    with company.store.pool.connection() as connection:
        return {
            whose: {(access.request_id, access.way) for access in accesses(connection, [one.customer], 10_000)}
            for whose, one in company.records.items()
        }


def assert_noted(company: House, address: str, headers: Mapping[str, str], body: object = None) -> set[str]:
    """Ask there; those of whom the answer shows something personal, each of whom was noted."""
    before = noted(company)
    method = "GET" if body is None else "POST"
    answer = company.client.request(method, address, headers=headers, json=body)
    text, after = answer.text.replace(address, ""), noted(company)
    shown = {whose for whose, one in company.records.items() if one.canary in text}
    for whose in shown:
        ways = {way for _, way in after[whose] - before[whose]}
        assert ways, (address, whose)
        assert all(way.split(" ")[0] == method and company.records[whose].canary not in way for way in ways), ways
    return shown


def test_every_address_of_the_api_notes_whom_it_shows(company: House) -> None:
    key, shown = company.key(), 0
    for address in reading(company, personal=True):
        if "/kpis" in address and not address.endswith("/events"):
            continue  # figures tell why deals were lost, and of nobody
        if address.endswith("/difference"):
            address += "?from=2026-01-01&to=2026-02-01"
        shown += len(assert_noted(company, address, key))
    for noun in NOUNS.values():
        shown += len(assert_noted(company, f"/v1/{noun.name}/search", key, {}))
        shown += len(assert_noted(company, f"/v1/{noun.name}?as_of=2099-01-01T00:00:00Z", key))
    assert shown > 100


@pytest.mark.parametrize("page", PAGES)
def test_every_page_notes_whom_it_shows(company: House, page: str) -> None:
    session = company.session_of(company.members["admin"])
    one = company.records["own"]
    address = page.format(customer=one.customer, lead=one.lead, ticket=one.ticket)
    assert assert_noted(company, address, session)


def test_who_sees_nothing_personal_is_not_noted(company: House) -> None:
    before = noted(company)
    assert company.client.head(f"/v1/leads/{company.records['own'].lead}", headers=company.key()).status_code == 200
    key = company.key(["leads:read", "customers:read", "tickets:read", "events:read"])
    for address in ("/v1/leads", "/v1/customers", "/v1/events", f"/v1/leads/{company.records['own'].lead}"):
        assert company.client.get(address, headers=key).status_code == 200
    assert noted(company) == before


def test_what_the_database_did_not_take_is_noted_later(company: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise UNAVAILABLE[0]

    key, one, before = company.key(), company.records["own"], noted(company)["own"]
    with monkeypatch.context() as patch:
        patch.setattr(noting, "note_accesses", fails)
        assert company.client.get(f"/v1/leads/{one.lead}", headers=key).status_code == 200
        with pytest.raises(UNAVAILABLE[0]):
            company.app.state.noting.flush()
    (later,) = noted(company)["own"] - before
    assert later[1] == "GET /v1/leads/{lead_id}"


def test_what_could_not_be_noted_is_not_shown(company: House, monkeypatch: pytest.MonkeyPatch) -> None:
    key, one = company.key(), company.records["own"]
    monkeypatch.setattr(noting, "_MOST_WAITING", 0)
    answer = company.client.get(f"/v1/leads/{one.lead}", headers=key)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert one.canary not in answer.text
