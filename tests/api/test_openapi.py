"""The OpenAPI document is what clients are built from: complete, with examples that work."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from eventstore.database import Connection
from tests.api.test_merging import record

NAMED = ("lead_id", "customer_id", "ticket_id")


@pytest.fixture
def document(anonymous: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = anonymous.get("/openapi.json").json()
    return found


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, told) for path, methods in document["paths"].items() for method, told in methods.items()]


def test_every_operation_says_what_it_does_what_it_needs_and_how_it_can_fail(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    for path, method, told in operations(document):
        assert told["description"], path
        if path.startswith("/v1"):
            assert told["security"] == [{"HTTPBearer": told["security"][0]["HTTPBearer"]}]
            assert told["security"][0]["HTTPBearer"], path
            assert {"401", "403", "422", "503"} <= told["responses"].keys(), path
            assert ("409" in told["responses"]) == (method == "post"), path
            failures = [answer for status, answer in told["responses"].items() if status >= "400"]
            assert all("application/problem+json" in answer["content"] for answer in failures)


def test_the_headers_of_safe_writing_and_reading_are_documented(document: dict[str, Any]) -> None:
    for path, method, told in operations(document):
        headers = {one["name"].lower() for one in told.get("parameters", ()) if one["in"] == "header"}
        if method == "post" and path != "/v1/undo":  # to repeat that one changes nothing
            assert headers >= {"idempotency-key", "if-match"}, path
        if path in ("/v1/leads", "/v1/leads/{lead_id}", "/v1/kpis/{slug}") and method == "get":
            assert "min-position" in headers


def test_every_example_is_accepted(client: TestClient, connection: Connection, document: dict[str, Any]) -> None:
    bodies = {
        path: told["requestBody"]["content"]["application/json"]["example"]
        for path, method, told in operations(document)
        if method == "post" and "application/json" in told["requestBody"]["content"]
    }
    assert len(bodies) > 25
    assert client.post("/v1/leads", json=bodies.pop("/v1/leads")).status_code == 201
    assert client.post("/v1/undo", json=bodies.pop("/v1/undo")).json()["code"] == "nothing_to_undo"
    for path, body in bodies.items():
        ids = {"slug": "lead_conversion_rate"} | {
            noun: str(record(client, connection, noun.removesuffix("_id"))) for noun in NAMED if noun in path
        }
        answer = client.post(path.format_map(ids), json=body)
        of_another = any(f"with this {name}," in answer.text for name in body)
        assert answer.status_code in (200, 409) or of_another, (path, body, answer.text)
