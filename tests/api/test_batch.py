"""Many commands at once: each is done or refused by itself, as its own route would, and a retry acts no second time."""

from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from api.access import create_api_key
from api.commands.carrying_out import carry_out
from api.store import Store
from eventstore.database import Connection
from tests.api.test_leads import act, capture, leads

CAPTURE = {"command": "leads/capture", "body": {"title": "Ten seats"}}


def send(client: TestClient, *items: dict[str, Any], stop: bool = False, key: str | None = None) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    body = {"items": list(items), "stop_on_error": stop}
    return client.post("/v1/batch", json=body, headers=headers)


def item(lead: dict[str, Any], command: str, body: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"command": f"leads/{command}", "record_id": lead["lead_id"], "body": body or {}} | more


def statuses(answer: Any) -> list[int]:
    return [one["status"] for one in answer.json()["data"]]


def test_each_item_is_answered_as_its_own_route_would(client: TestClient) -> None:
    lead, other = capture(client), capture(client)
    answer = send(
        client,
        {"id": "mine"} | CAPTURE,
        item(lead, "win"),
        item(lead, "win"),
        item({"lead_id": str(uuid4())}, "win"),
        item(other, "win", if_match='"9"'),
        item(other, "win", if_match="nonsense"),
        item(other, "value", {"value": {"amount": "x", "currency": "EUR"}}),
        {"command": "leads/explode", "record_id": other["lead_id"]},
        {"command": "leads/win"},
        {"command": "customers/register", "body": {"kind": "person", "name": "Ann"}},
        item(other, "log-interaction", {"kind": "call"}),
    )
    assert answer.status_code == 200, answer.text
    assert statuses(answer) == [201, 200, 409, 404, 412, 400, 422, 404, 422, 201, 200]
    told = answer.json()
    assert (told["succeeded"], told["failed"], told["skipped"]) == (4, 7, 0)
    first, won, refused = told["data"][:3]
    assert (first["id"], first["index"], first["problem"]) == ("mine", 0, None)
    assert client.get(f"/v1/leads/{first['result']['stream_id']}", headers=at(first)).json()["title"] == "Ten seats"
    assert client.get(f"/v1/leads/{lead['lead_id']}", headers=at(won)).json()["status"] == "won"
    alone = act(client, lead, "win").json()
    assert refused["problem"] == alone | {"errors": None, "request_id": refused["problem"]["request_id"]}
    bad = told["data"][6]["problem"]
    assert {one["pointer"].rpartition("/")[0] for one in bad["errors"]} >= {"#/value"}
    assert told["data"][7]["problem"]["code"] == "unknown_command"
    assert told["data"][-1]["result"]["created_id"]


def at(answered: dict[str, Any]) -> dict[str, str]:
    return {"Min-Position": str(answered["result"]["position"])}


def test_what_fails_stops_the_rest_only_when_asked(client: TestClient, connection: Connection) -> None:
    lead = capture(client)
    wrong = item(lead, "reopen")
    assert statuses(send(client, CAPTURE, wrong, CAPTURE)) == [201, 409, 201]
    stopped = send(client, CAPTURE, wrong, CAPTURE, stop=True)
    assert statuses(stopped) == [201, 409, 424]
    assert stopped.json()["data"][2]["problem"]["code"] == "not_attempted"
    assert leads(connection) == 4


def test_a_batch_that_is_sent_again_acts_once(client: TestClient, connection: Connection) -> None:
    lead = capture(client)
    items = [CAPTURE, item(lead, "win"), item(lead, "win")]
    first = send(client, *items, key="k")
    act(client, lead, "reopen")
    again = send(client, *items, key="k")
    assert (statuses(first), again.json()["data"][:2]) == ([201, 200, 409], first.json()["data"][:2])
    assert leads(connection) == 2
    assert client.get(f"/v1/leads/{lead['lead_id']}").json()["status"]
    changed = send(client, {"command": "leads/capture", "body": {"title": "Another"}}, key="k")
    assert changed.json()["data"][0]["problem"]["code"] == "idempotency_key_reused"


def test_an_items_own_key_is_the_same_as_that_of_its_route(client: TestClient, connection: Connection) -> None:
    keyed = CAPTURE | {"idempotency_key": "own"}
    first, second = send(client, keyed, keyed).json()["data"]
    assert first["result"] == second["result"]
    alone = client.post("/v1/leads", json=CAPTURE["body"], headers={"Idempotency-Key": "own"})
    assert (alone.status_code, alone.json()["lead_id"]) == (201, first["result"]["stream_id"])
    assert leads(connection) == 1
    won = item(alone.json(), "win", idempotency_key="win")
    assert statuses(send(client, won)) == [200]
    assert act(client, alone.json(), "win", headers={"Idempotency-Key": "win"}).status_code == 200


def test_every_item_asks_for_its_own_scope(client: TestClient, store: Store) -> None:
    lead = capture(client)
    client.headers["Authorization"] = f"Bearer {create_api_key(store, 'some', ('batch', 'leads:write'))}"
    into = item(lead, "convert-into", {"customer_id": str(uuid4())})
    answer = send(client, CAPTURE, {"command": "customers/register", "body": {"kind": "person", "name": "A"}}, into)
    assert statuses(answer) == [201, 403, 403]
    client.headers["Authorization"] = f"Bearer {create_api_key(store, 'none', ('leads:write',))}"
    assert send(client, CAPTURE).status_code == 403


def test_an_unexpected_error_ends_the_batch_and_what_was_done_is_told(
    client: TestClient, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = iter(range(9))

    def breaking(*arguments: Any) -> Any:
        if next(calls) == 1:
            raise OSError("the connection broke")
        return carry_out(*arguments)

    monkeypatch.setattr("api.commands.batch.carry_out", breaking)
    answer = send(client, CAPTURE, CAPTURE, CAPTURE)
    assert (answer.status_code, statuses(answer)) == (200, [201, 500, 424])
    assert leads(connection) == 1


def test_a_batch_has_an_end_and_no_if_match(client: TestClient) -> None:
    assert send(client, *[CAPTURE] * 1001).status_code == 422
    assert send(client).status_code == 422
    body = {"items": [CAPTURE]}
    assert client.post("/v1/batch", json=body, headers={"If-Match": '"1"'}).status_code == 400
    long = {"command": "leads/capture", "body": {"title": "x" * 20_000}}
    assert send(client, *[long] * 60).json()["succeeded"] == 60  # more than other routes take
