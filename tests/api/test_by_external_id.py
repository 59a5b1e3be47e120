"""Records put by the names that other systems have for them: begun once, then only what differs, like an import."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

from fastapi.testclient import TestClient

from api.store import Store
from eventstore import log
from eventstore.database import Connection
from tests.api.test_commands import mia, post, registered
from tests.api.test_merging import types

ANN = {
    "kind": "person",
    "name": "Ann Example",
    "source": "shop",
    "tags": ["vip"],
    "points": [{"slot": "email", "kind": "email", "written": "ann@example.org"}],
}


def put(client: TestClient, noun: str, key: str, body: dict[str, Any], **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.put(f"/v1/{noun}s/by-external-id/shop/{key}", json=body, headers=named)


def get(client: TestClient, noun: str, key: str) -> Any:
    return client.get(f"/v1/{noun}s/by-external-id/shop/{key}")


def test_a_customer_is_registered_once_and_then_only_what_differs_is_recorded(
    client: TestClient, connection: Connection
) -> None:
    assert get(client, "customer", "A-1").status_code == 404
    first = put(client, "customer", "A-1", ANN)
    assert first.status_code == 201, first.text
    customer_id = UUID(first.json()["customer_id"])
    assert first.headers["Location"] == f"/v1/customers/{customer_id}"
    begun = types(connection, customer_id)
    assert begun == ["customer.registered", "customer.tagged", "customer.contact_point_added"]
    again = put(client, "customer", "A-1", ANN)
    assert (again.status_code, again.json(), again.headers["ETag"]) == (200, first.json(), '"3"')
    changed = put(client, "customer", "A-1", ANN | {"name": "Anna", "tags": []})
    assert (changed.status_code, changed.json()["name"], changed.json()["tags"]) == (200, "Anna", [])
    assert types(connection, customer_id)[3:] == ["customer.renamed", "customer.untagged"]
    read = get(client, "customer", "A-1").json()
    assert read == {name: changed.json()[name] for name in read}
    assert log.load(connection, customer_id).history[0].metadata["channel"] == "upsert"


def test_what_people_changed_is_left_alone_until_the_other_system_says_otherwise(client: TestClient) -> None:
    customer_id = put(client, "customer", "A-1", ANN).json()["customer_id"]
    assert post(client, f"customers/{customer_id}/rename", {"name": "Annie"}).status_code == 200
    assert put(client, "customer", "A-1", ANN).json()["name"] == "Annie"
    assert put(client, "customer", "A-1", ANN | {"name": "Anne"}).json()["name"] == "Anne"
    assert post(client, f"customers/{customer_id}/tag", {"tag": "ours"}).status_code == 200
    assert put(client, "customer", "A-1", {"tags": []}).json()["tags"] == ["ours"]


def test_many_who_put_the_same_at_once_make_one(client: TestClient, connection: Connection) -> None:
    def once(number: int) -> tuple[int, str]:
        answer = put(client, "customer", "A-1", ANN | {"source": f"shop {number % 2}"})
        return answer.status_code, answer.json()["customer_id"]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(once, range(16)))
    assert sorted(status for status, _ in answers) == [200] * 15 + [201]
    assert len({customer_id for _, customer_id in answers}) == 1
    assert types(connection, UUID(answers[0][1])).count("customer.registered") == 1


def test_a_retry_gets_the_first_answer_and_another_body_is_refused(client: TestClient) -> None:
    first = put(client, "customer", "A-1", ANN, Idempotency_Key="k")
    assert put(client, "customer", "A-1", ANN | {"name": "Anna"}).status_code == 200
    again = put(client, "customer", "A-1", ANN, Idempotency_Key="k")
    assert (again.status_code, again.json()) == (201, first.json())
    assert put(client, "customer", "A-1", ANN | {"name": "Anna"}, Idempotency_Key="k").status_code == 422
    assert put(client, "customer", "A-1", ANN | {"name": "Ada"}, If_Match='"1"').status_code == 412


def test_an_upsert_meets_who_was_registered_under_the_name(client: TestClient) -> None:
    known = registered(client, external_ids={"shop": "A-1", "erp": "E-1"})
    met = put(client, "customer", "A-1", ANN)
    assert (met.status_code, met.json()["customer_id"]) == (200, known["customer_id"])
    assert put(client, "lead", "A-1", {"title": "Roof"}).json()["code"] == "external_id_taken"
    assert get(client, "lead", "A-1").status_code == 404
    assert put(client, "customer", "B/2 ü@x", {"external_ids": {"erp": "E-1"}}).json()["code"] == "external_id_taken"
    assert put(client, "customer", "B/2 ü@x", {}).status_code == 201
    assert get(client, "customer", "B/2 ü@x").json()["external_ids"] == {"shop": "B/2 ü@x"}


def test_a_lead_is_captured_moved_and_won(client: TestClient, store: Store, connection: Connection) -> None:
    customer_id = registered(client)["customer_id"]
    body = {"title": "Roof", "customer_id": customer_id, "owner_id": mia(store, connection)}
    first = put(client, "lead", "L-1", body)
    assert first.status_code == 201, first.text
    assert (first.json()["customer_id"], first.json()["flags"]) == (customer_id, [])
    assert put(client, "lead", "L-1", body | {"stage": "proposal"}).json()["stage"] == "proposal"
    won = put(client, "lead", "L-1", {"status": "won", "value": {"amount": "10.00", "currency": "EUR"}})
    assert (won.json()["status"], won.json()["amount"], get(client, "lead", "L-1").json()) == (
        "won", "10.00", won.json()
    )  # fmt: skip
    assert put(client, "lead", "L-1", {"customer_id": registered(client)["customer_id"]}).status_code == 409
    for wrong, status in (({"customer_id": str(uuid4())}, 404), ({"owner_id": str(uuid4())}, 409)):
        assert put(client, "lead", "L-2", {"title": "Roof"} | wrong).status_code == status
    assert put(client, "lead", "L-2", {"title": "Roof", "captured_at": "2999-01-01T00:00:00Z"}).status_code == 422
    assert put(client, "lead", "L-2", {"title": "Roof"}).json()["customer_id"] != customer_id


def test_a_ticket_is_opened_and_solved(client: TestClient) -> None:
    first = put(client, "ticket", "T-1", {"subject": "Printer"})
    assert (first.status_code, first.json()["status"]) == (201, "new")
    solved = put(client, "ticket", "T-1", {"subject": "Printer", "status": "solved", "priority": "high"})
    assert (solved.json()["status"], solved.json()["priority"]) == ("solved", "high")
    assert get(client, "ticket", "T-1").json() == solved.json()
    assert put(client, "ticket", "T-1", {"subject": "Printer", "status": "solved"}).status_code == 200
