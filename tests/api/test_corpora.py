"""What nobody should send: refused with a problem and never an error of ours. What is merely odd: kept as it is."""

import copy
import json
import socket
from collections.abc import Iterator, Sequence
from itertools import count, product
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from api import server
from api.access import create_api_key
from api.store import Store
from eventstore.database import Connection
from tests.api.naughty import STRINGS
from tests.api.serving import serving
from tests.api.test_http import PROBLEM
from tests.api.test_leads import capture

pytestmark = pytest.mark.full

JSON = {"Content-Type": "application/json"}
Schema = dict[str, Any]


def operations(client: TestClient, method: str) -> Iterator[tuple[str, Schema, Schema]]:
    """Each route with that method: its address with ids that nothing has, what it takes, and the whole document."""
    document = client.get("/openapi.json").json()
    for path, methods in document["paths"].items():
        if method in methods:
            parts = [str(uuid4()) if part.startswith("{") else part for part in path.split("/")]
            yield "/".join(parts), methods[method], document


def texts(
    schema: Schema, document: Schema, place: tuple[str, ...] = (), but: int | None = None
) -> Iterator[tuple[str, ...]]:
    """Where a body of that schema may hold text; without the texts that may be `but` so long."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    options = [schema, *schema.get("anyOf", ()), *schema.get("oneOf", ())]
    if any(one.get("type") == "string" and one.get("maxLength", -1) != but for one in options):
        yield place
    for one in options:
        if one is not schema and "$ref" in one and len(place) < 4:
            yield from texts(one, document, place, but)
    for name, inner in schema.get("properties", {}).items():
        if len(place) < 4:
            yield from texts(inner, document, (*place, name), but)


def with_text(body: Any, place: tuple[str, ...], text: str) -> Any:
    """The body with that text there."""
    changed = copy.deepcopy(body)
    inner = changed
    for name in place[:-1]:
        if not isinstance(inner.get(name), dict):
            inner[name] = {}
        inner = inner[name]
    inner[place[-1]] = text
    return changed


UNSTORABLE = ("a\x00b", "a\ud800b", "\udfff")


def some(values: Sequence[str], turn: Iterator[int], request: pytest.FixtureRequest) -> Sequence[str]:
    """All of them in the long tier; else one, another one each time."""
    return values if request.config.getoption("--full") else [values[next(turn) % len(values)]]


def test_text_that_cannot_be_stored_is_refused_in_every_field_of_every_command(
    client: TestClient, request: pytest.FixtureRequest
) -> None:
    asked, turn = 0, count()
    for path, told, document in operations(client, "post"):
        content = told.get("requestBody", {}).get("content", {}).get("application/json")
        if content is None:
            continue
        for place in texts(content["schema"], document):
            for bad in some(UNSTORABLE, turn, request):
                body = json.dumps(with_text(content.get("example", {}), place, bad))
                answer = client.post(path, content=body, headers=JSON)
                # a cursor is never stored: this one is just not ours
                assert answer.status_code == (400 if place == ("cursor",) else 422), (path, place, answer.text)
                assert answer.headers["content-type"] == PROBLEM
                asked += 1
    assert asked > 60


WORDS = ("'; DROP TABLE log.event; --", "' OR 1=1", "../../etc/passwd", "NaN", "=1+1", "\u202e")
VALUES = (
    *("%00", "a%00b", "%ED%A0%80", "%FF%FE", "9223372036854775808", "-9223372036854775809", "1e400", "9" * 5_000),
    *(quote(word) for word in WORDS),
)


def test_no_parameter_of_a_query_is_an_error_of_ours(client: TestClient, request: pytest.FixtureRequest) -> None:
    asked, turn = 0, count()
    for path, told, _ in operations(client, "get"):
        if path.startswith(("/v1", "/metrics")):
            names = {one["name"] for one in told.get("parameters", ()) if one["in"] == "query"}
            for name in sorted(names - {"tail"}):  # which would have no end
                for value in some(VALUES, turn, request):
                    answer = client.get(f"{path}?{name}={value}")
                    assert answer.status_code < 500, (path, name, answer.text)
                    asked += 1
    assert asked > 40


PARTS = ("%00", "9223372036854775808", "..%2f..", "%ED%A0%80", "x" * 5_000, "'; DROP TABLE x")


def test_no_id_in_an_address_is_an_error_of_ours(client: TestClient, request: pytest.FixtureRequest) -> None:
    turn = count()
    for path, methods in client.get("/openapi.json").json()["paths"].items():
        if "{" in path and path.startswith("/v1"):
            for part in some(PARTS, turn, request):
                address = "/".join(part if step.startswith("{") else step for step in path.split("/"))
                for method in methods:
                    answer = client.request(method, address, json={} if method == "post" else None)
                    assert answer.status_code in (404, 422), (method, path, answer.text)


DEEP = b"[" * 10_000 + b"]" * 10_000
BODIES = {
    "deep": b'{"title": ' + DEEP + b"}",
    "deep objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "deep and open": b"[" * 100_000,
    "long number": b'{"title": "x", "value": {"amount": ' + b"9" * 5_000 + b', "currency": "EUR"}}',
    "exponent": b'{"title": "x", "value": {"amount": 1e400, "currency": "EUR"}}',
    "tiny": b'{"title": "x", "value": {"amount": "1e-400", "currency": "EUR"}}',
    "huge exponent": b'{"title": "x", "value": {"amount": "1e99999999", "currency": "EUR"}}',
    "many digits": b'{"title": "x", "value": {"amount": "' + b"9" * 5_000 + b'", "currency": "EUR"}}',
    "NaN": b'{"title": "x", "value": {"amount": NaN, "currency": "EUR"}}',
    "Infinity": b'{"title": "x", "value": {"amount": -Infinity, "currency": "EUR"}}',
    "number for a text": b'{"title": 9223372036854775808}',
    "invalid UTF-8": b'{"title": "\xff\xfe"}',
    "UTF-8 surrogate": b'{"title": "\xed\xa0\x80"}',
    "overlong": b'{"title": "\xc0\x80"}',
    "cut off": b'{"title": "x',
    "two": b'{"title": "x"}{"title": "y"}',
    "nothing": b" ",
    "null": b"null",
    "a text": b'"x"',
    "many fields": b"{" + b",".join(b'"%d": 1' % number for number in range(50_000)) + b"}",
}


def test_a_monstrous_body_is_a_problem_at_every_route_and_writes_nothing(
    client: TestClient, connection: Connection
) -> None:
    total = "SELECT count(*) AS events FROM log.event"
    before = connection.execute(total).fetchone()
    paths = ["/v1/leads", f"/v1/leads/{uuid4()}/log-interaction", "/v1/undo"]
    for path, name in product(paths, BODIES):
        answer = client.post(path, content=BODIES[name], headers=JSON)
        assert answer.status_code in (400, 422), (path, name, answer.text[:200])
        assert answer.headers["content-type"] == PROBLEM, (path, name)
        assert len(answer.content) < 20_000, (path, name)
    assert connection.execute(total).fetchone() == before


def test_of_two_fields_of_one_name_the_last_one_counts_as_in_every_parser(client: TestClient) -> None:
    answer = client.post("/v1/leads", content=b'{"title": "first", "title": "second"}', headers=JSON)
    assert answer.json()["title"] == "second"


def test_odd_strings_come_back_byte_for_byte(client: TestClient) -> None:
    for text in STRINGS:
        lead = capture(client, title=text, customer_name=text)
        path = f"/v1/leads/{lead['lead_id']}"
        assert lead["title"] == text
        read = client.get(path, headers={"Min-Position": str(lead["position"])})
        assert read.json()["title"].encode() == text.encode()
        history = client.get(f"{path}/history").json()["data"]
        assert history[0]["personal"]["title"] == text
    events = client.get("/v1/events?limit=1000&types=lead.captured").json()["data"]
    assert [event["personal"]["title"] for event in events] == list(STRINGS)
    exported = client.get("/v1/exports/leads?format=ndjson").content.decode().split("\n")
    assert {json.loads(line)["title"] for line in exported if line} == set(STRINGS)


def test_odd_strings_are_looked_for_and_do_nothing(client: TestClient, connection: Connection) -> None:
    capture(client)
    for text in STRINGS:
        for name in ("q", "source", "stage", "owner"):
            assert client.get("/v1/leads", params={name: text}).status_code in (200, 422)
    row = connection.execute("SELECT count(*) AS events FROM log.event").fetchone()
    assert row is not None and row["events"] > 1


@pytest.fixture
def address(store: Store) -> Iterator[tuple[tuple[str, int], str]]:
    with serving(store) as served:
        yield ("127.0.0.1", served.port), create_api_key(store, "raw", ("events:read", "leads:write"))


def spoken(address: tuple[str, int], *parts: bytes) -> bytes:
    """What a server says to these bytes, until it ends the connection."""
    with socket.create_connection(address, timeout=30) as line:
        for part in parts:
            line.sendall(part)
        said = b""
        try:
            while more := line.recv(65_536):
                said += more
        except ConnectionResetError:  # it did not wait for the rest
            pass
        return said


def test_a_head_that_is_too_long_or_no_head_at_all_is_refused(address: tuple[tuple[str, int], str]) -> None:
    place, key = address
    filters = b"&".join(b"types=lead.won" for _ in range(100_000))
    for head in (
        b"GET /v1/events?" + filters + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"X-Filler: y\r\n" * 20_000 + b"\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nIdempotency-Key: a\x00b\r\n\r\n",
        b"POST /v1/leads HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
    ):
        assert spoken(place, head).startswith(b"HTTP/1.1 4")
    many = b"&".join(b"types=lead.won" for _ in range(4_000))
    authorized = b"\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer " + key.encode() + b"\r\n\r\n"
    assert spoken(place, b"GET /v1/events?" + many + b" HTTP/1.1" + authorized).startswith(b"HTTP/1.1 200")


def test_a_head_that_does_not_come_to_its_end_is_not_waited_for(
    address: tuple[tuple[str, int], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_HEAD_SECONDS", 0.1)
    place, _ = address
    assert spoken(place) == b""
    assert spoken(place, b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ") == b""
    served = spoken(place, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /healthz HTT")
    assert served.count(b"HTTP/1.1 200") == 1
