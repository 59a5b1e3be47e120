"""What a client of the leads API relies on: safe retries, versions, clear refusals, its own writes."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from api.access import create_api_key
from api.store import Store, append_to_workspace, load_workspace
from domain.custom_field import CustomField
from domain.event import MemberId
from domain.workspace import WorkspaceCustomFieldDefined, WorkspaceMemberDeactivated, WorkspaceMemberInvited
from eventstore import log
from eventstore.database import Connection

CAPTURE = {
    "title": "Ten seats",
    "customer_name": "Canary Person",
    "source": "web",
    "value": {"amount": "100.50", "currency": "EUR"},
    "external_ids": {"shop": "A-1"},
    "form": {"message": "Please call"},
}

REGION = WorkspaceCustomFieldDefined(
    custom_field=CustomField(noun="lead", field_id="region", version=1, label="Region", kind="text", is_personal=False)
)


def capture(client: TestClient, **fields: Any) -> dict[str, Any]:
    answer = client.post("/v1/leads", json=CAPTURE | {"external_ids": {}} | fields)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def act(
    client: TestClient,
    lead: dict[str, Any],
    command: str,
    body: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> Any:
    return client.post(f"/v1/leads/{lead['lead_id']}/{command}", json=body or {}, headers=headers)


def leads(connection: Connection) -> int:
    row = connection.execute("SELECT count(*) AS n FROM log.event WHERE type = 'lead.captured'").fetchone()
    assert row is not None
    return int(row["n"])


def test_a_captured_lead_is_answered_whole_and_is_there(client: TestClient) -> None:
    answer = client.post("/v1/leads", json=CAPTURE)
    assert answer.status_code == 201
    lead = answer.json()
    assert (lead["title"], lead["status"], lead["stage"], lead["amount"]) == ("Ten seats", "open", "new", "100.50")
    assert (lead["form"], lead["external_ids"]) == ({"message": "Please call"}, {"shop": "A-1"})
    assert answer.headers["Location"] == f"/v1/leads/{lead['lead_id']}"
    assert answer.headers["ETag"] == f'"{lead["version"]}"'
    read = client.get(answer.headers["Location"], headers={"Min-Position": str(lead["position"])})
    assert read.json() == lead
    assert read.headers["ETag"] == answer.headers["ETag"]


def test_a_retried_capture_gives_one_lead_and_the_first_answer(client: TestClient, connection: Connection) -> None:
    first = client.post("/v1/leads", json=CAPTURE, headers={"Idempotency-Key": "k1"})
    act(client, first.json(), "qualify")
    again = client.post("/v1/leads", json=CAPTURE, headers={"Idempotency-Key": "k1"})
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["ETag"] == first.headers["ETag"]
    assert leads(connection) == 1


def test_a_capture_whose_answer_was_lost_is_answered_by_the_retry(
    client: TestClient, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object) -> None:
        raise OSError("the connection broke after the commit")

    with monkeypatch.context() as patch:
        patch.setattr("api.write.lead_at", lost)
        assert client.post("/v1/leads", json=CAPTURE, headers={"Idempotency-Key": "k1"}).status_code == 500
    assert leads(connection) == 1
    retry = client.post("/v1/leads", json=CAPTURE, headers={"Idempotency-Key": "k1"})
    assert retry.status_code == 201
    assert retry.json()["version"] == 2
    assert leads(connection) == 1


def test_two_captures_at_once_with_one_key_give_one_lead_and_one_answer(
    client: TestClient, connection: Connection
) -> None:
    def once(_: int) -> tuple[int, Any]:
        answer = client.post("/v1/leads", json=CAPTURE, headers={"Idempotency-Key": "k1"})
        return answer.status_code, answer.json()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(once, range(16)))
    assert all(answer == answers[0] for answer in answers)
    assert answers[0][0] == 201
    assert leads(connection) == 1


def test_the_planted_bug_of_a_forgotten_claim_gives_a_false_refusal(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = capture(client)
    assert act(client, lead, "win", headers={"Idempotency-Key": "k"}).status_code == 200
    assert act(client, lead, "win", headers={"Idempotency-Key": "k"}).status_code == 200
    real = log.load
    monkeypatch.setattr(log, "load", lambda connection, stream, command=None: real(connection, stream))
    assert act(client, lead, "win", headers={"Idempotency-Key": "k"}).json()["code"] == "lead_already_closed"


def test_a_retried_command_gets_the_first_answer_before_rules_and_versions_are_asked(client: TestClient) -> None:
    lead = capture(client)
    headers = {"Idempotency-Key": "k2", "If-Match": f'"{lead["version"]}"'}
    first = act(client, lead, "win", headers=headers)
    assert first.status_code == 200
    act(client, lead, "reopen")
    again = act(client, lead, "win", headers=headers)
    assert (again.status_code, again.json()) == (200, first.json())


def test_a_key_used_with_another_body_is_refused(client: TestClient, connection: Connection) -> None:
    client.post("/v1/leads", json=CAPTURE, headers={"Idempotency-Key": "k1"})
    other = client.post("/v1/leads", json=CAPTURE | {"title": "Other"}, headers={"Idempotency-Key": "k1"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    known = capture(client)
    to_known = CAPTURE | {"customer_name": None, "customer_id": known["customer_id"]}
    elsewhere = client.post("/v1/leads", json=to_known, headers={"Idempotency-Key": "k1"})
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (422, "idempotency_key_reused")
    assert leads(connection) == 2


def test_the_same_key_of_another_caller_is_another_command(client: TestClient, store: Store) -> None:
    from api.access import create_api_key

    first = client.post("/v1/leads", json=CAPTURE | {"external_ids": {}}, headers={"Idempotency-Key": "k1"})
    client.headers["Authorization"] = f"Bearer {create_api_key(store, 'other', ('leads:write',))}"
    second = client.post("/v1/leads", json=CAPTURE | {"external_ids": {}}, headers={"Idempotency-Key": "k1"})
    assert first.json()["lead_id"] != second.json()["stream_id"]


def member(connection: Connection) -> str:
    """Somebody who works here from now on."""
    member_id = MemberId(uuid4())
    append_to_workspace(connection, None, WorkspaceMemberInvited(member_id=member_id, name="Mia"))
    return str(member_id)


def test_every_command_has_a_route_and_moves_the_version(client: TestClient, connection: Connection) -> None:
    product = {"product_id": "seat", "quantity": "2", "unit_price": {"amount": "10", "currency": "EUR"}}
    owner = member(connection)
    steps: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("retitle", {"title": "Twenty seats"}, {"title": "Twenty seats"}),
        ("assign", {"owner_id": owner, "team": "north"}, {"owner_id": owner, "team": "north"}),
        ("log-interaction", {"kind": "call", "direction": "outbound", "summary": "Spoke"}, {}),
        ("qualify", {"score": 80}, {}),
        ("score", {"model": "fit", "model_version": 1, "score": 15, "parts": {"industry": 20, "size": -5}}, {}),
        ("move-to-stage", {"to_stage": "proposal"}, {"stage": "proposal", "probability": "0.6"}),
        ("value", {"value": {"amount": "200", "currency": "EUR"}}, {"amount": "200"}),
        ("move-expected-close", {"expected_close": "2026-12-24"}, {"expected_close": "2026-12-24"}),
        ("override-probability", {"probability": "0.75"}, {"probability": "0.75"}),
        ("choose-forecast-category", {"category": "commit"}, {"forecast_category": "commit"}),
        ("add-product", product, {"product_ids": ["seat"]}),
        ("reprice-product", product | {"quantity": "3"}, {"product_ids": ["seat"]}),
        ("remove-product", {"product_id": "seat"}, {"product_ids": []}),
        ("send-proposal", {"document": "Offer 1"}, {}),
        ("lose", {"reason": "price", "competitor": "Other"}, {"status": "lost", "lost_reason": "price"}),
        ("recycle", {"until": "2027-01-01"}, {"status": "open", "recycled_until": "2027-01-01"}),
        ("disqualify", {"reason": "student"}, {"status": "disqualified"}),
        ("reopen", {}, {"status": "open", "closed_at": None}),
        ("win", {"value": {"amount": "180", "currency": "EUR"}}, {"status": "won", "amount": "180"}),
        ("convert", {}, {}),
        ("revert-conversion", {"reason": "mistake"}, {"converted_at": None}),
    ]
    lead = capture(client)
    for command, body, expected in steps:
        answer = act(client, lead, command, body, headers={"If-Match": f'"{lead["version"]}"'})
        assert answer.status_code == 200, (command, answer.text)
        assert answer.json()["version"] > lead["version"]
        lead = answer.json()
        assert {name: lead[name] for name in expected} == expected, command
    fresh = capture(client)
    assert act(client, fresh, "contact").json()["contacted_at"] is not None


def test_a_lead_goes_only_to_who_works_here(client: TestClient, connection: Connection) -> None:
    nobody, mia = str(uuid4()), member(connection)
    lead = capture(client, owner_id=mia)
    assert lead["owner_id"] == mia
    assert act(client, lead, "assign", {"owner_id": nobody}).json()["code"] == "unknown_member"
    captured = client.post("/v1/leads", json=CAPTURE | {"owner_id": nobody})
    assert (captured.status_code, captured.json()["code"]) == (409, "unknown_member")
    append_to_workspace(connection, None, WorkspaceMemberDeactivated(member_id=MemberId(UUID(mia))))
    assert act(client, capture(client), "assign", {"owner_id": mia}).json()["code"] == "unknown_member"
    assert leads(connection) == 2


@pytest.mark.parametrize("amount", [("-1", "EUR"), ("1.234567", "EUR"), ("1", "ZZZ")])
def test_no_deal_is_worth_what_nobody_can_pay(client: TestClient, amount: tuple[str, str]) -> None:
    value = {"amount": amount[0], "currency": amount[1]}
    assert client.post("/v1/leads", json=CAPTURE | {"value": value}).status_code == 409
    lead = capture(client)
    for command in ("value", "win", "send-proposal"):
        assert act(client, lead, command, {"value": value}).status_code == 409, command


def test_a_lead_is_won_on_an_earlier_day_or_today_but_not_on_one_to_come(client: TestClient) -> None:
    lead = capture(client)
    assert act(client, lead, "win", {"won_on": "2199-01-01"}).json()["code"] == "won_in_future"
    assert act(client, lead, "win", {"won_on": "2020-02-03"}).json()["closed_at"] == "2020-02-03T12:00:00Z"


def test_interactions_and_follow_ups_are_corrected_and_done_by_their_ids(client: TestClient) -> None:
    lead = capture(client)
    interaction = act(client, lead, "log-interaction", {"kind": "call", "summary": "Spoke"}).json()["created_id"]
    planned = {"what": "Call back", "due_at": "2027-01-01T09:00:00Z"}
    scheduled = act(client, lead, "schedule-follow-up", planned, headers={"Idempotency-Key": "once"})
    assert scheduled.json()["open_follow_ups"] == 1
    task = scheduled.json()["created_id"]
    again = act(client, lead, "schedule-follow-up", planned, headers={"Idempotency-Key": "once"})
    assert again.json() == scheduled.json()
    events = client.get(f"/v1/leads/{lead['lead_id']}/history").json()["data"]
    assert [e["data"]["interaction_id"] for e in events if e["type"] == "lead.interaction_logged"] == [interaction]
    assert [e["data"]["task_id"] for e in events if e["type"] == "lead.follow_up_scheduled"] == [task]
    about = {"interaction_id": interaction}
    assert act(client, lead, "correct-interaction", about | {"kind": "meeting"}).status_code == 200
    assert act(client, lead, "retract-interaction", about).status_code == 200
    later = {"task_id": task, "due_at": "2027-01-02T09:00:00Z"}
    assert act(client, lead, "reschedule-follow-up", later).status_code == 200
    assert act(client, lead, "complete-follow-up", {"task_id": task}).json()["open_follow_ups"] == 0
    assert act(client, lead, "cancel-follow-up", {"task_id": task}).json()["code"] == "follow_up_already_done"
    retracted = act(client, lead, "retract-follow-up", {"task_id": task})
    assert (retracted.status_code, retracted.json()["created_id"]) == (200, None)
    assert act(client, lead, "retract-follow-up", {"task_id": task}).json()["code"] == "follow_up_already_retracted"


def test_a_custom_field_is_recorded_and_once_more_is_nothing_new(client: TestClient, connection: Connection) -> None:
    lead = capture(client)
    body = {"field_id": "region", "value": "North"}
    assert act(client, lead, "record-custom-field", body).json()["code"] == "unknown_custom_field"
    append_to_workspace(connection, None, REGION)
    recorded = act(client, lead, "record-custom-field", body)
    assert (recorded.status_code, recorded.json()["version"]) == (200, lead["version"] + 1), recorded.text
    same = act(client, lead, "record-custom-field", body)
    assert (same.status_code, same.json()) == (200, recorded.json())


def test_who_may_only_write_leads_reads_nothing_of_them(client: TestClient, store: Store) -> None:
    lead = capture(client)
    client.headers["Authorization"] = f"Bearer {create_api_key(store, 'form', ('leads:write',))}"
    assert client.get(f"/v1/leads/{lead['lead_id']}").status_code == 403
    key = {"Idempotency-Key": "once"}
    answer = act(client, lead, "schedule-follow-up", {"what": "Call", "due_at": "2027-01-01T09:00:00Z"}, headers=key)
    assert answer.status_code == 200
    assert "Please call" not in answer.text
    told = answer.json()
    assert (told["stream_type"], told["stream_id"], told["version"]) == ("lead", lead["lead_id"], lead["version"] + 1)
    assert act(client, lead, "complete-follow-up", {"task_id": told["created_id"]}).status_code == 200
    again = act(client, lead, "schedule-follow-up", {"what": "Call", "due_at": "2027-01-01T09:00:00Z"}, headers=key)
    assert again.json() == told


def test_a_new_lead_has_no_version_to_compare_with(client: TestClient, connection: Connection) -> None:
    refused = client.post("/v1/leads", json=CAPTURE, headers={"If-Match": '"1"'})
    assert (refused.status_code, refused.json()["code"]) == (400, "bad_if_match")
    assert leads(connection) == 0


def test_an_external_id_that_is_taken_names_its_record(client: TestClient) -> None:
    first = client.post("/v1/leads", json=CAPTURE).json()
    taken = client.post("/v1/leads", json=CAPTURE)
    assert (taken.status_code, taken.json()["code"]) == (409, "external_id_taken")
    assert first["lead_id"] in taken.json()["detail"]
    assert "A-1" not in taken.text


def test_settings_are_read_once_and_what_came_since_is_seen(store: Store, connection: Connection) -> None:
    seen, version = store.settled.now(connection)
    assert (seen, version) == load_workspace(connection)
    append_to_workspace(connection, None, REGION)
    assert store.settled.now(connection) == load_workspace(connection)
    assert store.settled.now(connection)[1] == version + 1
    with connection.transaction(force_rollback=True):
        # another log in its place, as after a restore
        connection.execute("ALTER TABLE log.event DISABLE TRIGGER ALL")
        connection.execute(
            "UPDATE log.event SET event_id = gen_random_uuid() WHERE type = 'workspace.custom_field_defined'"
        )
        connection.execute("DELETE FROM log.event WHERE type = 'workspace.pipeline_published'")
        connection.execute("UPDATE log.event SET version = 1 WHERE type = 'workspace.custom_field_defined'")
        assert store.settled.now(connection)[0].pipelines == {}
    assert store.settled.now(connection) == load_workspace(connection)


def test_a_command_that_does_not_fit_is_refused_with_a_sentence_and_changes_nothing(client: TestClient) -> None:
    lead = act(client, capture(client), "win").json()
    refused = act(client, lead, "lose", {"reason": "Canary"})
    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["code"] == "lead_already_closed"
    assert "reopen" in refused.json()["detail"].lower()
    assert "Canary" not in refused.text
    history = client.get(f"/v1/leads/{lead['lead_id']}/history").json()["data"]
    assert history[-1]["version"] == lead["version"]


def test_a_stale_version_is_refused_and_an_unreadable_one_explained(client: TestClient) -> None:
    lead = capture(client)
    act(client, lead, "qualify")
    stale = act(client, lead, "win", headers={"If-Match": f'"{lead["version"]}"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_version")
    for etag in ("3", 'W/"3"', '"x"', '"', f'"{"9" * 5_000}"'):
        assert act(client, lead, "win", headers={"If-Match": etag}).status_code == 400
    assert act(client, lead, "win", headers={"If-Match": "*"}).status_code == 200


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#/title"),
        ({"title": ""}, "#/title"),
        ({"title": "a\u0000b"}, "#/title"),
        ({"title": "x", "unknown": 1}, "#/unknown"),
        ({"title": "x", "canary@example.com": 1}, "#/?"),
        ({"title": "x", "value": {"amount": "NaN", "currency": "EUR"}}, "#/value/amount"),
        ({"title": "x", "value": {"amount": "1", "currency": "euro"}}, "#/value/currency"),
        ({"title": "x", "customer_id": "canary@example.com"}, "#/customer_id"),
        ({"title": "x", "occurred_at": "yesterday"}, "#/occurred_at"),
        ({"title": "x", "occurred_at": "2026-01-01T00:00:00"}, "#/occurred_at"),
        ({"title": "x", "occurred_at": "0001-01-01T00:00:00+14:00"}, "#/occurred_at"),
        ({"title": "x", "received_at": "9999-12-31T23:59:59-14:00"}, "#/received_at"),
        ({"title": "x" * 20_001}, "#/title"),
        ({"title": "x", "external_ids": {"shop": "x" * 501}}, "#/external_ids/shop"),
    ],
)
def test_a_malformed_body_is_explained_without_repeating_it(
    client: TestClient, connection: Connection, body: dict[str, Any], pointer: str
) -> None:
    answer = client.post("/v1/leads", json=body)
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["code"] == "malformed"
    assert pointer in [error["pointer"] for error in problem["errors"]]
    assert "canary" not in answer.text
    assert leads(connection) == 0


@pytest.mark.parametrize("raw", [b"{", b"\xff\xfe", b"title=x"])
def test_a_body_that_is_no_json_cannot_be_read(client: TestClient, raw: bytes) -> None:
    answer = client.post("/v1/leads", content=raw, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "unreadable_body")


@pytest.mark.parametrize("raw", [b'{"title": "\\ud800"}', b"[1]", b""])
def test_a_body_that_is_no_object_is_malformed(client: TestClient, raw: bytes) -> None:
    answer = client.post("/v1/leads", content=raw, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")


@pytest.mark.parametrize(
    ("raw", "status"),
    [(b"[" * 100_000, 400), (b'{"title": ' + b"9" * 5_000 + b"}", 400), (b'{"title": "' + b"x" * 2_000_000, 413)],
)
def test_a_monstrous_body_is_refused_and_not_an_error_of_ours(client: TestClient, raw: bytes, status: int) -> None:
    answer = client.post("/v1/leads", content=raw, headers={"Content-Type": "application/json"})
    assert answer.status_code == status


def test_moments_that_cannot_be_are_refused(client: TestClient) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    future = client.post("/v1/leads", json={"title": "x", "occurred_at": tomorrow})
    assert (future.status_code, future.json()["code"]) == (422, "occurred_in_future")
    lead = capture(client, occurred_at="2026-03-01T00:00:00Z")
    assert lead["captured_at"] == "2026-03-01T00:00:00Z"
    early = act(client, lead, "win", {"occurred_at": "2026-02-01T00:00:00Z"})
    assert (early.status_code, early.json()["code"]) == (409, "predates_last_change")
    late_fact = {"kind": "call", "occurred_at": "2026-02-01T00:00:00Z"}
    assert act(client, lead, "log-interaction", late_fact).status_code == 200


def test_unknown_and_foreign_ids_are_not_found(client: TestClient) -> None:
    lead = capture(client)
    for unknown in (str(uuid4()), lead["customer_id"], "00000000-0000-7000-8000-000000000001"):
        assert client.get(f"/v1/leads/{unknown}").status_code == 404
        assert client.get(f"/v1/leads/{unknown}/history").status_code == 404
        assert client.post(f"/v1/leads/{unknown}/win", json={}).status_code == 404
        if unknown != lead["customer_id"]:
            assert client.post("/v1/leads", json={"title": "x", "customer_id": unknown}).status_code == 404
    assert client.get("/v1/leads/nonsense").json()["code"] == "not_found"
    assert client.get("/nowhere").json()["code"] == "not_found"
    assert client.delete("/v1/leads").json()["code"] == "method_not_allowed"


def test_a_second_lead_joins_the_history_of_a_known_customer(client: TestClient) -> None:
    first = capture(client)
    second = capture(client, customer_name=None, customer_id=first["customer_id"])
    assert second["customer_id"] == first["customer_id"]
    both = capture_answer = client.post("/v1/leads", json=CAPTURE | {"customer_id": first["customer_id"]})
    assert both.status_code == 422, capture_answer.text


def test_an_external_id_is_taken_once(client: TestClient) -> None:
    assert client.post("/v1/leads", json=CAPTURE).status_code == 201
    taken = client.post("/v1/leads", json=CAPTURE)
    assert (taken.status_code, taken.json()["code"]) == (409, "external_id_taken")
    assert "A-1" not in taken.text


def test_lists_are_filtered_and_paged_without_gaps_or_repeats(client: TestClient) -> None:
    captured = [capture(client, source="web" if number % 2 else "fair") for number in range(7)]
    fresh = {"Min-Position": str(captured[-1]["position"])}
    seen, cursor = list[str](), None
    while True:
        page = client.get(
            "/v1/leads", params={"limit": 3} | ({"cursor": cursor} if cursor else {}), headers=fresh
        ).json()
        seen += [lead["lead_id"] for lead in page["data"]]
        cursor = page["next_cursor"]
        if not page["has_more"]:
            break
    assert seen == [lead["lead_id"] for lead in reversed(captured)]
    assert len(client.get("/v1/leads?source=fair", headers=fresh).json()["data"]) == 4
    assert client.get("/v1/leads?status=won", headers=fresh).json()["data"] == []
    assert client.get(f"/v1/leads?customer_id={captured[0]['customer_id']}").json()["data"][0] == captured[0]
    for bad in ("status=bogus", "limit=0", "limit=201", "owner_id=me"):
        assert client.get(f"/v1/leads?{bad}").status_code == 422


@pytest.mark.parametrize("cursor", ["", "nonsense", "AAAA", "é", "Zm9v" * 20])
def test_a_cursor_that_was_not_given_out_is_refused(client: TestClient, cursor: str) -> None:
    for route in ("/v1/leads", "/v1/events", "/v1/kpis/win_rate/events"):
        answer = client.get(route, params={"cursor": cursor})
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor"), route


def test_a_cursor_of_another_list_is_refused(client: TestClient) -> None:
    cursor = client.get("/v1/events?limit=1").json()["next_cursor"]
    assert client.get("/v1/leads", params={"cursor": cursor}).status_code == 400


def test_a_read_that_cannot_be_new_enough_says_so(
    client: TestClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.fresh._PATIENCE", 0.05)
    assert store.follower is not None
    store.follower.stop()
    written = capture(client)["position"]
    late = client.get("/v1/leads", headers={"Min-Position": str(written)})
    assert (late.status_code, late.json()["code"]) == (503, "not_up_to_date")
    assert late.headers["Retry-After"] == "1"
    beyond = client.get("/v1/leads", headers={"Min-Position": str(written + 1)})
    assert (beyond.status_code, beyond.json()["code"]) == (422, "bad_parameter")


def test_one_key_is_one_command_however_the_id_and_the_body_are_spelt(client: TestClient) -> None:
    lead = capture(client)
    key = {"Idempotency-Key": "k"}
    first = act(client, lead, "log-interaction", {"kind": "call", "about": "price"}, headers=key)
    shouted = {"lead_id": lead["lead_id"].upper()}
    again = act(client, shouted, "log-interaction", {"about": "price", "kind": "call"}, headers=key)
    assert (again.status_code, again.json()) == (200, first.json())
    forms = [{"a": "1", "b": "2"}, {"b": "2", "a": "1"}]
    answers = [client.post("/v1/leads", json={"title": "x", "form": form}, headers=key).json() for form in forms]
    assert answers[0] == answers[1]


def test_what_a_command_said_cannot_be_guessed_from_the_log(client: TestClient, connection: Connection) -> None:
    act(client, capture(client), "retitle", {"title": "Canary"})
    guess = hashlib.sha256(b'RetitleLead {"occurred_at": null, "title": "Canary"}').digest()
    hashes = [row["body_hash"] for row in connection.execute("SELECT body_hash FROM log.command")]
    assert len(hashes) == 2
    assert guess not in [bytes(found) for found in hashes]


def test_a_number_without_measure_is_malformed(client: TestClient) -> None:
    endless = {"kind": "call", "duration_seconds": int("9" * 400)}
    assert act(client, capture(client), "log-interaction", endless).status_code == 422
    assert act(client, capture(client), "qualify", {"score": 10**30}).status_code == 422


def test_the_longest_external_id_can_be_kept(client: TestClient) -> None:
    assert capture(client, external_ids={"s" * 100: "\U0001f600" * 500})["version"] == 2
