"""What is begun and put by whoever sees only some records is hers to see; what others have by a name is not touched."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from api.access import SCOPES
from api.store import append_to_workspace
from domain.custom_field import CustomField
from domain.workspace import WorkspaceCustomFieldDefined
from eventstore import log
from tests.api.permitted import ANN, BOB, House, problem

NOUNS = ("customer", "lead", "ticket")
PUT: dict[str, dict[str, Any]] = {
    "customer": {"kind": "person", "name": "Mia"},
    "lead": {"title": "Ten seats"},
    "ticket": {"subject": "The door is stuck"},
}
BEGUN: dict[str, dict[str, Any]] = {**PUT, "ticket": PUT["ticket"] | {"customer_name": "Mia"}}


def own(company: House, **more: str) -> dict[str, str]:
    """The header of a key that sees Ann's records alone."""
    return company.key(member_id=ANN, records="own") | {name.replace("_", "-"): value for name, value in more.items()}


def named(company: House, whose: str, noun: str) -> str:
    """Where a record is found by its name in another system."""
    canary = company.records[whose].canary
    return f"/v1/{noun}s/by-external-id/crm/{canary if noun == 'customer' else f'{noun} {canary}'}"


def versions(company: House, whose: str) -> list[int]:
    one = company.records[whose]
    with company.store.pool.connection() as connection:
        return [log.load(connection, one.id_of(noun)).version for noun in NOUNS]


@pytest.mark.parametrize("noun", NOUNS)
def test_what_is_begun_is_seen_by_who_began_it(company: House, noun: str) -> None:
    key = own(company, Idempotency_Key=str(uuid4()))
    begun = company.client.post(f"/v1/{noun}s", headers=key, json=BEGUN[noun])
    assert begun.status_code == 201, begun.text
    address = begun.headers["Location"]
    act = {"customer": "rename", "lead": "retitle", "ticket": "categorise"}[noun]
    body = {"customer": {"name": "Mia B"}, "lead": {"title": "Nine seats"}, "ticket": {"category": "doors"}}[noun]
    assert company.client.post(f"{address}/{act}", headers=own(company), json=body).status_code == 200
    assert company.client.post(f"/v1/{noun}s", headers=key, json=BEGUN[noun]).json() == begun.json()
    company.follow()
    assert company.client.get(address, headers=own(company)).status_code == 200
    customer = company.client.get(f"/v1/customers/{begun.json()['customer_id']}", headers=own(company))
    assert customer.status_code == (404 if noun == "lead" else 200), "of a lead's stranger nobody knows a name yet"


@pytest.mark.parametrize("noun", NOUNS)
def test_what_is_said_to_be_somebodys_is_hers(company: House, noun: str) -> None:
    body = PUT[noun] | {"assignee_id" if noun == "ticket" else "owner_id": str(BOB)}
    for key, status in ((own(company), 409), (company.key(member_id=ANN, records="team"), 200)):
        address = f"/v1/{noun}s/by-external-id/shop/{uuid4()}"
        assert company.client.put(address, headers=own(company), json=body).status_code == 201
        assert company.client.put(address, headers=key, json=body).status_code == status


@pytest.mark.parametrize("noun", NOUNS)
def test_what_is_put_is_seen_by_who_put_it_first(company: House, noun: str) -> None:
    address, key = f"/v1/{noun}s/by-external-id/shop/{uuid4()}", own(company, Idempotency_Key=str(uuid4()))
    first = company.client.put(address, headers=key, json=PUT[noun])
    assert first.status_code == 201, first.text
    assert company.client.put(address, headers=key, json=PUT[noun]).json() == first.json()
    assert company.client.get(address, headers=own(company)).status_code == 200
    assert company.client.put(address, headers=own(company), json=PUT[noun]).status_code == 200
    blind = company.key(records="none")
    assert company.client.put(address, headers=blind, json=PUT[noun]).status_code == 409


@pytest.mark.parametrize("noun", NOUNS)
def test_a_name_that_another_record_has_is_taken_and_nothing_is_told_of_it(company: House, noun: str) -> None:
    before, refusals = versions(company, "other team's"), []
    for of in NOUNS:
        for headers in (own(company), own(company, If_Match='"999"'), own(company, Prefer="return=minimal")):
            address = named(company, "other team's", of).replace(f"/{of}s/", f"/{noun}s/")
            answer = company.client.put(address, headers=headers, json=PUT[noun])
            refusals.append(problem(answer))
    assert {answer["status"] for answer in refusals} == {409}
    assert all(answer == refusals[0] for answer in refusals), "nor what kind of record it is"
    assert not [mark for mark in company.records["other team's"].marks() if mark in str(refusals)]
    assert versions(company, "other team's") == before
    allowed = company.client.put(named(company, "own", noun), headers=own(company), json=PUT[noun])
    assert allowed.status_code == 200, allowed.text


@pytest.mark.parametrize("noun", NOUNS)
def test_by_its_name_a_record_that_may_not_be_seen_is_not_there(company: House, noun: str) -> None:
    unknown = company.client.get(f"/v1/{noun}s/by-external-id/crm/{uuid4()}", headers=own(company))
    another = "lead" if noun == "ticket" else "ticket"
    for whose, of in (("other team's", noun), ("other team's", another), ("own", another)):
        address = named(company, whose, of).replace(f"/{of}s/", f"/{noun}s/")
        answer = company.client.get(address, headers=own(company))
        assert (answer.status_code, answer.json()["detail"]) == (404, unknown.json()["detail"]), (whose, of)


def test_a_retry_of_a_put_on_what_was_handed_on_learns_no_more_than_that_the_name_is_taken(company: House) -> None:
    address, key = f"/v1/leads/by-external-id/shop/{uuid4()}", own(company, Idempotency_Key=str(uuid4()))
    lead_id = company.client.put(address, headers=own(company), json=PUT["lead"]).json()["lead_id"]
    changed = {"title": "Nine seats"}
    assert company.client.put(address, headers=key, json=changed).status_code == 200
    assert company.client.post(f"/v1/leads/{lead_id}/assign", headers=own(company), json={"team": "south"}).is_success
    assert company.client.put(address, headers=key, json=changed).status_code == 409


def test_answers_to_commands_leave_out_what_is_personal(company: House) -> None:
    with company.store.pool.connection() as connection:
        for noun in NOUNS:
            field = CustomField(noun=noun, field_id="size", label="Size", kind="number", version=1, is_personal=False)  # type: ignore[arg-type]
            append_to_workspace(connection, None, WorkspaceCustomFieldDefined(custom_field=field))
    key = company.key([scope for scope in SCOPES if scope != "personal:read"])
    one = company.records["nobody's"]
    for noun in NOUNS:
        address = f"/v1/{noun}s/{one.id_of(noun)}/record-custom-field"
        answer = company.client.post(address, headers=key, json={"field_id": "size", "value": 3})
        assert answer.status_code == 200, answer.text
        assert answer.json()["custom_fields"] == {"size": "3"}
        assert one.canary not in answer.text
        put = company.client.put(named(company, "nobody's", noun), headers=key, json={})
        assert put.status_code in (200, 422), put.text
        read = company.client.get(named(company, "nobody's", noun), headers=key)
        assert (read.status_code, one.canary in read.text, one.canary in put.text) == (200, False, False)
        begun = company.client.post(f"/v1/{noun}s", headers=key, json=BEGUN[noun])
        assert begun.status_code == 201
        assert not [said for said in ("Mia", "Ten seats", "stuck") if said in begun.text]


def test_a_lead_of_a_stranger_is_converted_by_who_sees_it(company: House) -> None:
    lead = company.client.post("/v1/leads", headers=own(company), json=PUT["lead"]).json()
    address, known = f"/v1/leads/{lead['lead_id']}", str(company.records["own"].customer)
    assert company.client.post(f"{address}/win", headers=own(company), json={}).status_code in (200, 409)
    converted = company.client.post(f"{address}/convert-into", headers=own(company), json={"customer_id": known})
    assert converted.status_code == 200, converted.text


def test_a_customer_of_others_is_not_merged_by_way_of_a_lead(company: House) -> None:
    everybody, other = company.key(), company.records["other team's"]
    body = {"title": "x", "customer_id": str(other.customer), "owner_id": str(ANN)}
    lead_id = company.client.post("/v1/leads", headers=everybody, json=body).json()["lead_id"]
    known = {"customer_id": str(company.records["own"].customer)}
    address = f"/v1/leads/{lead_id}/convert-into"
    assert company.client.post(address, headers=own(company), json=known).status_code == 404


def test_a_ticket_follows_another_one_whosever_the_customer_is(company: House) -> None:
    everybody = company.key()
    body = {"subject": "x", "customer_id": str(company.records["other team's"].customer)}
    ticket_id = UUID(company.client.post("/v1/tickets", headers=everybody, json=body).json()["ticket_id"])
    address = f"/v1/tickets/{ticket_id}"
    follow_up = {"body": "Again"}
    assert company.client.post(f"{address}/open-follow-up", headers=own(company), json=follow_up).status_code == 404
    for act, told in (("assign", {"assignee_id": str(ANN)}), ("solve", {}), ("close", {})):
        assert company.client.post(f"{address}/{act}", headers=everybody, json=told).status_code == 200
    opened = company.client.post(f"{address}/open-follow-up", headers=own(company), json=follow_up)
    assert (opened.status_code, opened.json()["assignee_id"]) == (201, str(ANN)), opened.text
