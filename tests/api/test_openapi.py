"""The OpenAPI document is what clients are built from: complete, with examples that work."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from jsonschema_rs import Draft202012Validator

from eventstore.database import Connection
from tests.api.test_merging import record

NAMED = ("lead_id", "customer_id", "ticket_id", "campaign_id", "member_id", "webhook_id", "key_id")
RECORDS = ("lead_id", "customer_id", "ticket_id")


@pytest.fixture
def document(anonymous: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = anonymous.get("/openapi.json").json()
    return found


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, told) for path, methods in document["paths"].items() for method, told in methods.items()]


def an_id(client: TestClient, connection: Connection, name: str) -> str | UUID:
    """Of a record that there is; of what lies in the workspace, any."""
    if name == "campaign_id":
        campaign: str = client.post("/v1/campaigns", json={"name": "Spring"}).json()["stream_id"]
        return campaign
    return record(client, connection, name.removesuffix("_id")) if name in RECORDS else uuid4()


def test_every_operation_says_what_it_does_what_it_needs_and_how_it_can_fail(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    for path, method, told in operations(document):
        assert told["description"], path
        if path.startswith("/v1"):
            assert told["security"] == [{"HTTPBearer": told["security"][0]["HTTPBearer"]}]
            assert told["security"][0]["HTTPBearer"], path
            assert {"401", "403", "422", "503"} <= told["responses"].keys(), path
            is_write = method in ("post", "put") and not path.endswith("/search")
            assert ("409" in told["responses"]) == is_write, path
            failures = [answer for status, answer in told["responses"].items() if status >= "400"]
            assert all("application/problem+json" in answer["content"] for answer in failures)


def test_the_headers_of_safe_writing_and_reading_are_documented(document: dict[str, Any]) -> None:
    for path, method, told in operations(document):
        headers = {one["name"].lower() for one in told.get("parameters", ()) if one["in"] == "header"}
        # to repeat an undo changes nothing, and to search never does
        if method in ("post", "put") and path != "/v1/undo" and not path.endswith("/search"):
            assert headers >= {"idempotency-key", "if-match"}, path
        if path in ("/v1/leads", "/v1/leads/{lead_id}", "/v1/kpis/{slug}") and method == "get":
            assert "min-position" in headers


def test_every_example_is_accepted(client: TestClient, connection: Connection, document: dict[str, Any]) -> None:
    bodies = {
        path: told["requestBody"]["content"]["application/json"]["example"]
        for path, method, told in operations(document)
        if method == "post" and "application/json" in told["requestBody"]["content"]
    }
    assert len(bodies) > 140
    assert client.post("/v1/leads", json=bodies.pop("/v1/leads")).status_code == 201
    assert client.post("/v1/undo", json=bodies.pop("/v1/undo")).json()["code"] == "nothing_to_undo"
    wrong = []
    for path, body in bodies.items():
        ids = {name: str(an_id(client, connection, name)) for name in NAMED if name in path} | {
            "slug": "lead_conversion_rate"
        }
        answer = client.post(path.format_map(ids), json=body)
        of_another = any(f"with this {name}," in answer.text for name in body)
        if answer.status_code not in (200, 201, 409) and not of_another:
            wrong.append((path, body, answer.text))
    assert not wrong


def test_operations_have_names_of_their_own_and_groups_that_are_explained(document: dict[str, Any]) -> None:
    names = [told["operationId"] for _, _, told in operations(document)]
    assert len(set(names)) == len(names)
    assert {"leads_capture", "list_leads", "get_lead", "get_customer_by_external_id"} <= set(names)
    assert not [name for name in names if "_v1_" in name]
    tags = {tag["name"]: tag["description"] for tag in document["tags"]}
    assert {tag for _, _, told in operations(document) for tag in told["tags"]} == tags.keys()
    assert all(tags.values())
    assert document["servers"] == [{"url": "/"}]


def test_no_parameter_is_told_twice(document: dict[str, Any]) -> None:
    for path, method, told in operations(document):
        named = [(one["in"], one["name"].lower()) for one in told.get("parameters", ())]
        assert len(set(named)) == len(named), (method, path)


def test_every_answer_has_an_example_of_its_own_form(document: dict[str, Any]) -> None:
    for path, method, told in operations(document):
        for status, answer in told["responses"].items():
            for kind, content in answer.get("content", {}).items():
                if kind == "application/json" and "schema" in content and status < "400":
                    form = Draft202012Validator({**content["schema"], "components": document["components"]})
                    assert form.is_valid(content["example"]), (method, path, status)
                if kind == "application/problem+json":
                    problems = [one["$ref"].rpartition("/")[2] for one in content["examples"].values()]
                    values = [document["components"]["examples"][name]["value"] for name in problems]
                    assert values
                    assert {str(value["status"]) for value in values} == {status}, (method, path)


def test_the_document_travels_packed_and_only_when_it_is_another(anonymous: TestClient) -> None:
    first = anonymous.get("/openapi.json")
    assert first.headers["content-encoding"] == "gzip"
    assert first.headers["cache-control"] == "public, max-age=300"
    assert first.headers["content-type"] == "application/json"
    again = anonymous.get("/openapi.json", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    plain = anonymous.get("/openapi.json", headers={"Accept-Encoding": "identity"})
    assert plain.json() == first.json()
    assert "content-encoding" not in plain.headers
