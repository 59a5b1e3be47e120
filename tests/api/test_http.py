"""What every answer has: an id, headers that keep it safe, a problem where something is wrong; and the log's line."""

import asyncio
import gzip
import json
import re
import socket
from typing import Any
from uuid import UUID, uuid4

import pytest
import structlog
from fastapi.testclient import TestClient
from structlog.testing import LogCapture

from api import http
from api.access import create_api_key
from api.app import create_app
from api.serve import _listen
from api.store import Store
from eventstore.database import Connection
from tests.api.test_leads import act, capture

PROBLEM = "application/problem+json"


@pytest.fixture
def lines() -> Any:
    """What is logged."""
    captured = LogCapture()
    before = structlog.get_config()["processors"]
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, captured])
    yield captured.entries
    structlog.configure(processors=before)


def requests(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line for line in lines if line["event"] == "request"]


def test_a_request_has_one_id_everywhere(
    client: TestClient, connection: Connection, lines: list[dict[str, Any]]
) -> None:
    mine = str(uuid4())
    answer = client.post("/v1/leads", json={"title": "Ten seats"}, headers={"X-Request-Id": mine})
    assert answer.headers["X-Request-Id"] == mine
    assert [line["request_id"] for line in requests(lines)] == [mine]
    rows = connection.execute(
        "SELECT metadata ->> 'request_id' AS request_id FROM log.event WHERE metadata ->> 'channel' = 'api'"
    ).fetchall()
    assert {row["request_id"] for row in rows} == {mine}
    refused = client.get("/v1/leads/nonsense", headers={"X-Request-Id": mine.replace("-", "").upper()})
    assert refused.json()["request_id"] == mine.replace("-", "")


@pytest.mark.parametrize(
    "sent", ["", "anna@example.com", "0049 171 1234567", "x" * 36, "0190a3c4-0000-7000-8000-000000000000\tx"]
)
def test_a_client_may_not_put_words_into_the_log_by_way_of_an_id(client: TestClient, sent: str) -> None:
    answered = client.get("/v1/leads", headers={"X-Request-Id": sent}).headers["X-Request-Id"]
    assert answered != sent
    assert UUID(answered).version == 7


def test_the_log_tells_the_route_and_never_what_was_asked(
    client: TestClient, store: Store, lines: list[dict[str, Any]]
) -> None:
    lead = capture(client)
    lines.clear()
    client.get(f"/v1/leads/{lead['lead_id']}", headers={"Min-Position": str(lead["position"])})
    client.get("/v1/leads?q=anna%40example.com")
    client.get("/anna@example.com")
    client.request("ANNA", "/v1/leads")
    found = requests(lines)
    assert [(line["route"], line["status"]) for line in found][:1] == [("/v1/leads/{lead_id}", 200)]
    assert [line["route"] for line in found[1:3]] == ["/v1/leads", "unknown"]
    assert found[3]["method"] == "other"
    key_id = UUID(client.headers["Authorization"].split("_")[1])
    assert found[0]["principal"] == str(key_id)
    assert all(line["ms"] > 0 for line in found)
    assert "anna" not in json.dumps(lines).lower()
    assert lead["lead_id"] not in json.dumps(lines)


def test_an_unexpected_error_has_an_id_too_and_is_noted(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, lines: list[dict[str, Any]]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("anna@example.com")

    monkeypatch.setattr("api.events.horizon", broken)
    answer = client.get("/v1/events")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == PROBLEM
    assert answer.json()["request_id"] == answer.headers["X-Request-Id"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert {line["request_id"] for line in lines} == {answer.headers["X-Request-Id"]}
    assert [line["event"] for line in lines] == ["unexpected error", "request"]
    assert "anna" not in json.dumps(lines)


def test_every_answer_keeps_itself_to_itself(client: TestClient, anonymous: TestClient) -> None:
    for path in ("/v1/leads", "/v1/events", "/healthz", "/nowhere", "/v1/leads/nonsense", "/metrics"):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; frame-ancestors 'none'"), path
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"
    page = client.get("/console/sign-in")
    assert page.headers["Content-Security-Policy"] != "default-src 'none'; frame-ancestors 'none'"


def test_long_answers_are_packed_for_who_can_unpack_them(client: TestClient, store: Store) -> None:
    for _ in range(5):
        fresh = {"Min-Position": str(capture(client)["position"])}
    packed = client.get("/v1/leads", headers={"Accept-Encoding": "gzip"} | fresh)
    plain = client.get("/v1/leads", headers={"Accept-Encoding": "identity"} | fresh)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert [one.headers["Vary"] for one in (packed, plain)] == ["Accept-Encoding"] * 2
    assert packed.json() == plain.json()
    assert int(packed.headers["Content-Length"]) < int(plain.headers["Content-Length"]) / 2
    assert "Content-Encoding" not in client.get("/healthz", headers={"Accept-Encoding": "gzip"}).headers
    key = create_api_key(store, "all", ("leads:read", "customers:read", "audit:read", "personal:read"))
    headers = {"Accept-Encoding": "gzip", "Authorization": f"Bearer {key}"}
    with client.stream("GET", "/v1/exports/leads?format=ndjson", headers=headers) as streamed:
        raw = b"".join(streamed.iter_raw())
    assert streamed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(raw).count(b"\n") == 5


def test_what_an_address_takes_is_told(client: TestClient) -> None:
    lead = capture(client)
    for path, allow in (
        ("/v1/leads", "GET, HEAD, OPTIONS, POST"),
        (f"/v1/leads/{lead['lead_id']}", "GET, HEAD, OPTIONS"),
        (f"/v1/leads/{lead['lead_id']}/win", "OPTIONS, POST"),
    ):
        refused = client.delete(path)
        assert (refused.status_code, refused.json()["code"]) == (405, "method_not_allowed")
        assert refused.headers["Allow"] == allow
        asked = client.options(path)
        assert (asked.status_code, asked.headers["Allow"], asked.content) == (204, allow, b"")
    fresh = {"Min-Position": str(lead["position"])}
    head = client.head(f"/v1/leads/{lead['lead_id']}", headers=fresh)
    got = client.get(f"/v1/leads/{lead['lead_id']}")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["ETag"] == got.headers["ETag"]
    assert head.headers["Content-Length"] == got.headers["Content-Length"]
    assert client.head("/nowhere").status_code == 404


def test_an_unknown_address_is_a_problem(client: TestClient) -> None:
    answer = client.get("/v1/nowhere")
    assert (answer.status_code, answer.headers["content-type"]) == (404, PROBLEM)
    assert answer.json()["code"] == "not_found"
    assert "/openapi.json" in answer.json()["detail"]


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "", "nonsense", "text/json"]
)
def test_another_content_type_is_refused_as_such(client: TestClient, content_type: str) -> None:
    headers = {"Content-Type": content_type}
    answer = client.post("/v1/leads", content=b'{"title": "x"}', headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    assert answer.headers["Accept-Post"] == "application/json"


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON", "application/x+json"])
def test_json_by_any_of_its_names_is_taken(client: TestClient, content_type: str) -> None:
    answer = client.post("/v1/leads", content=b'{"title": "x"}', headers={"Content-Type": content_type})
    assert answer.status_code == 201


def test_too_large_a_body_is_a_problem_told_or_streamed(client: TestClient, lines: list[dict[str, Any]]) -> None:
    def endless() -> Any:
        for _ in range(40):
            yield b"x" * 65_536

    for content in (b"x" * 2_000_000, endless()):
        answer = client.post("/v1/leads", content=content, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.headers["content-type"]) == (413, PROBLEM)
        assert answer.json()["code"] == "too_large"
        assert answer.json()["request_id"] == answer.headers["X-Request-Id"]
    assert [line["status"] for line in requests(lines)] == [413, 413]


def test_a_wrong_parameter_is_named_and_not_pointed_at(client: TestClient) -> None:
    answer = client.get("/v1/events?limit=anna@example.com")
    (error,) = answer.json()["errors"]
    assert (error["in"], error["parameter"]) == ("query", "limit")
    assert "anna" not in answer.text
    header = client.get("/v1/leads", headers={"Min-Position": "-1"}).json()["errors"][0]
    assert (header["in"], header["parameter"].lower()) == ("header", "min-position")


def test_every_refusal_has_a_code_a_sentence_and_the_id(client: TestClient, store: Store) -> None:
    lead = capture(client)
    act(client, lead, "win")
    refused = [
        act(client, lead, "win"),
        act(client, lead, "win", headers={"If-Match": '"1"'}),
        act(client, lead, "win", headers={"If-Match": "x"}),
        client.get("/v1/events?cursor=x"),
        client.get("/v1/leads/x"),
        client.post("/v1/leads", json={}),
        client.get("/v1/leads", headers={"Authorization": "x"}),
        client.put("/v1/leads"),
    ]
    for answer in refused:
        problem = answer.json()
        assert answer.headers["content-type"] == PROBLEM
        assert problem["status"] == answer.status_code
        assert re.fullmatch("[a-z_]+", problem["code"])
        assert problem["detail"].endswith((".", "NAME"))
        assert problem["request_id"] == answer.headers["X-Request-Id"]


def test_a_body_that_does_not_come_is_given_up(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    from tests.api.serving import serving

    monkeypatch.setattr(http, "_BETWEEN_PARTS", 0.1)
    key = create_api_key(store, "slow", ("leads:write",))
    with serving(store) as served, socket.create_connection(("127.0.0.1", served.port)) as line:
        line.sendall(
            b"POST /v1/leads HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n"
            + f"Authorization: Bearer {key}\r\n\r\n{{".encode()
        )
        said = b""
        while part := line.recv(4096):
            said += part
    assert said.startswith(b"HTTP/1.1 408")
    assert b'"code":"too_slow"' in said


def test_requests_are_not_logged_where_nobody_wants_that(store: Store, lines: list[dict[str, Any]]) -> None:
    from dataclasses import replace

    quiet = replace(store, settings=store.settings.model_copy(update={"log_requests": False}))
    with TestClient(create_app(quiet)) as client:
        assert client.get("/healthz").status_code == 200
    assert requests(lines) == []


def test_an_answer_on_an_open_connection_does_not_wait_for_the_reader_to_say_she_has_the_last_one() -> None:
    async def accepted() -> int:
        with _listen("127.0.0.1", 0) as listening:
            told: asyncio.Future[int] = asyncio.get_running_loop().create_future()

            def come(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                told.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
                writer.close()

            async with await asyncio.start_server(come, sock=listening):
                _, writer = await asyncio.open_connection(*listening.getsockname())
                writer.close()
                return await told

    assert asyncio.run(accepted()) != 0
