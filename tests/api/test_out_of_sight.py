"""What may not be seen stays out of the past, the feed, the figures, and of every id that is swapped for another."""

import json
from collections.abc import Mapping
from typing import get_args
from uuid import UUID, uuid4

import pytest

from api.access import SCOPES, Principal
from api.problems import HiddenField
from domain.lead import LeadAssigned
from domain.workspace import Records
from projections.kpi import kpis
from projections.sight import Sight
from tests.api.permitted import ANN, SEEN, House, problem
from tests.facts import captured
from tests.projections.records import tell


@pytest.mark.parametrize("personal", [True, False], ids=["with personal", "without personal"])
def test_the_past_is_shown_as_far_as_the_present(company: House, personal: bool) -> None:
    moment = company.client.get("/v1/kpis/win_rate", headers=company.key()).json()["as_of"]
    scopes = [scope for scope in SCOPES if personal or scope != "personal:read"]
    key = company.key(scopes, member_id=ANN, records="team")
    for address in ("/v1/leads", "/v1/kpis/win_rate?group_by=reason", "/v1/members"):
        answer = company.client.get(address, headers=key, params={"as_of": moment})
        assert answer.status_code in (200, 422), answer.text
        for whose, one in company.records.items():
            hidden = one.marks() if whose not in SEEN["team"] else [] if personal else [one.canary]
            assert not [mark for mark in hidden if mark in answer.text], (whose, address)
    for whose, one in company.records.items():
        for address in (f"/v1/leads/{one.lead}", f"/v1/customers/{one.customer}"):
            answer = company.client.get(address, headers=key, params={"as_of": moment})
            assert answer.status_code == (200 if whose in SEEN["team"] else 404), (whose, answer.text)
            assert personal or one.canary not in answer.text


def test_the_feed_gives_each_event_of_what_may_be_seen_once(company: House) -> None:
    company.follow()
    everything = company.client.get("/v1/events", headers=company.key(), params={"limit": 1000}).json()["data"][:-1]
    of_all = {"workspace", "campaign", "import"}
    for records in get_args(Records):
        key = company.key(member_id=ANN, records=records)
        mine = {str(id_) for whose in SEEN[records] for id_ in _ids(company, whose)}
        wanted = [e["position"] for e in everything if e["stream_type"] in of_all or e["stream_id"] in mine]
        found, cursor = list[int](), None
        while True:
            query = {"limit": "7"} | ({"cursor": cursor} if cursor else {})
            page = company.client.get("/v1/events", headers=key, params=query).json()
            found += [event["position"] for event in page["data"]]
            cursor = page["next_cursor"]
            if not page["has_more"]:
                break
        assert [position for position in found if position <= everything[-1]["position"]] == wanted, records
    without = company.key([scope for scope in SCOPES if scope != "settings:read"])
    shown = company.client.get("/v1/events", headers=without, params={"limit": 1000}).json()["data"]
    assert "workspace" not in {event["stream_type"] for event in shown}


def _ids(company: House, whose: str) -> list[UUID]:
    one = company.records[whose]
    return [one.customer, one.lead, one.ticket]


def test_figures_count_what_may_be_seen_and_nothing_else(company: House) -> None:
    for records in get_args(Records):
        key = company.key(member_id=ANN, records=records)
        number = len(SEEN[records])
        figures = {slug: company.client.get(f"/v1/kpis/{slug}", headers=key).json() for slug in ("win_rate", "nps")}
        assert [figures[slug]["sample_size"] for slug in figures] == [number, number], records
        series = company.client.get("/v1/kpis/win_rate/series", headers=key).json()["buckets"]
        assert sum(bucket["sample_size"] for bucket in series) == number
        grouped = company.client.get("/v1/kpis/win_rate", headers=key, params={"group_by": "owner"}).json()["groups"]
        assert sum(group["sample_size"] for group in grouped) == number


def test_who_sees_nothing_counts_nothing(company: House) -> None:
    figures = company.client.get(
        "/v1/exports/kpis?format=ndjson", headers=company.key(records="none")
    ).text.splitlines()
    assert len(figures) == len(kpis())
    assert {json.loads(line)["sample_size"] for line in figures} == {0}


def test_a_cursor_of_somebody_else_shows_nothing_more(company: House) -> None:
    everybody, own = company.key(), company.key(member_id=ANN, records="own")
    for address in ("/v1/leads", "/v1/events", "/v1/kpis/win_rate/events"):
        cursor = company.client.get(address, headers=everybody, params={"limit": 1}).json()["next_cursor"]
        text = company.client.get(address, headers=own, params={"cursor": cursor}).text
        hidden = [mark for whose, one in company.records.items() if whose != "own" for mark in one.marks()]
        assert not [mark for mark in hidden if mark in text], address


IN_BODIES: tuple[tuple[str, str | None, Mapping[str, str], str, str], ...] = (
    ("/v1/leads", None, {"title": "x"}, "customer_id", "customer"),
    ("/v1/leads/{id}/merge", "lead", {}, "survivor_id", "lead"),
    ("/v1/leads/{id}/reattribute", "lead", {}, "to_customer_id", "customer"),
    ("/v1/leads/{id}/convert-into", "lead", {}, "customer_id", "customer"),
    ("/v1/customers/{id}/merge", "customer", {}, "survivor_id", "customer"),
    ("/v1/customers/{id}/reattribute-part", "customer", {"part_id": str(uuid4())}, "to_customer_id", "customer"),
    ("/v1/customers/{id}/relate", "customer", {"kind": "partner"}, "other_id", "customer"),
    ("/v1/tickets", None, {"subject": "x"}, "customer_id", "customer"),
    ("/v1/tickets/{id}/merge", "ticket", {}, "survivor_id", "ticket"),
    ("/v1/tickets/{id}/reattribute", "ticket", {}, "to_customer_id", "customer"),
)


@pytest.mark.parametrize(("path", "noun", "body", "name", "of"), IN_BODIES, ids=[one[0] for one in IN_BODIES])
def test_an_id_in_a_body_that_may_not_be_seen_is_one_that_is_not_there(
    company: House, path: str, noun: str | None, body: Mapping[str, str], name: str, of: str
) -> None:
    key = company.key(member_id=ANN, records="own")
    address = path.replace("{id}", str(getattr(company.records["own"], noun))) if noun else path
    answers = [
        company.client.post(address, headers=key, json={**body, name: str(id_)})
        for id_ in (uuid4(), getattr(company.records["other team's"], of))
    ]
    assert [answer.status_code for answer in answers] == [404, 404], [answer.text for answer in answers]
    assert problem(answers[0]) == problem(answers[1])


def test_a_retry_on_a_record_that_was_handed_on_is_answered_as_on_one_that_is_not_there(company: House) -> None:
    key = company.key(member_id=ANN, records="own") | {"Idempotency-Key": str(uuid4())}
    made = company.client.post("/v1/leads", headers=key, json={"title": "Ten seats"})
    assert made.status_code == 201 and made.json()["owner_id"] == str(ANN), "who sees only some owns what she captures"
    assert company.client.post("/v1/leads", headers=key, json={"title": "Ten seats"}).json() == made.json()
    address = f"/v1/leads/{made.json()['lead_id']}"
    handed_on = company.client.post(f"{address}/assign", headers=key, json={"team": "south"})
    assert handed_on.status_code == 200
    again = company.client.post(f"{address}/assign", headers=key, json={"team": "south"})
    unknown = company.client.post(f"/v1/leads/{uuid4()}/assign", headers=key, json={"team": "south"})
    assert (again.status_code, problem(again)) == (404, problem(unknown))


def test_a_record_is_there_for_its_owner_before_any_read_model_has_it(company: House) -> None:
    key = company.key(member_id=ANN, records="own")
    lead_id = company.client.post("/v1/leads", headers=key, json={"title": "Ten seats"}).json()["lead_id"]
    assert company.client.post(f"/v1/leads/{lead_id}/contact", headers=key, json={}).status_code == 200
    assert company.client.get(f"/v1/leads/{lead_id}/history", headers=key).status_code == 200


def test_what_concerns_others_is_not_undone(company: House) -> None:
    own, everybody = company.key(member_id=ANN, records="own"), company.key()
    for key, status in ((everybody, 404), (own, 200)):
        lead = company.client.post("/v1/leads", headers=key, json={"title": "Ten seats"}).json()
        event, *_ = company.client.get(f"/v1/leads/{lead['lead_id']}/history", headers=key).json()["data"]
        asked_for = {"id": event["command_id"], "dry_run": True}
        assert company.client.post("/v1/undo", headers=own, json=asked_for).status_code == status
        assert company.client.post("/v1/undo", headers=everybody, json=asked_for).status_code == 200


def test_a_customers_history_leaves_out_the_leads_of_others(company: House) -> None:
    one, lead_id = company.records["own"], uuid4()
    said = f"canary{lead_id.hex[:10]}"
    with company.store.pool.connection() as connection:
        tell(connection, one.customer, captured(said), LeadAssigned(team="south"), noun="lead", stream_id=lead_id)
    address = f"/v1/customers/{one.customer}/history"
    between = {"from": "2026-01-01", "to": company.client.get("/v1/kpis/nps", headers=company.key()).json()["as_of"]}
    for key, told in ((company.key(), True), (company.key(member_id=ANN, records="own"), False)):
        for path, query in ((address, {}), (f"{address}/difference", between)):
            text = company.client.get(path, headers=key, params=query).text
            assert one.canary in text
            assert (said in text) == told, path


def test_an_external_id_of_others_is_taken_but_nobody_is_told_by_which_record(company: House) -> None:
    other = company.records["other team's"]
    wanted = {"title": "x", "external_ids": {"crm": f"lead {other.canary}"}}
    for key, told in ((company.key(), True), (company.key(member_id=ANN, records="own"), False)):
        answer = company.client.post("/v1/leads", headers=key, json=wanted)
        assert answer.status_code == 409, answer.text
        assert (str(other.lead) in answer.text) == told


@pytest.mark.parametrize("personal", [True, False])
def test_nothing_is_chosen_by_a_field_that_is_not_shown(personal: bool) -> None:
    caller = Principal("api_key", ANN, frozenset(), Sight("all", personal=personal))
    caller.must_see_fields("lead", ["status", "owner_id"])
    if personal:
        caller.must_see_fields("lead", ["title"])
        return
    with pytest.raises(HiddenField, match="Leave it out"):
        caller.must_see_fields("lead", ["status", "title"])
