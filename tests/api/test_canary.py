"""A word that nothing else contains is sent in every field that a person may write into, and looked for afterwards in
everything that is not the record itself: logs, metrics, addresses, headers, and the bodies of errors."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, LiteralString
from urllib.parse import quote
from uuid import uuid4

import pytest
import structlog
from fastapi.testclient import TestClient

from api.serve import _log_to_stderr
from api.store import Store
from eventstore.database import Connection
from replay.follow import catch_up
from tests.api.test_corpora import JSON, operations, texts, with_text
from tests.api.test_leads import act, capture
from tests.api.test_merging import record
from tests.api.test_openapi import NAMED

CANARY = "Kanarien.Vogel"
_CODE = 100
"""How long a Word may be, a short code of the business: that is nobody's, and refusals name it."""
LOOKS = (CANARY, CANARY.lower(), CANARY.upper(), quote(CANARY))


class Heard:
    """Whatever is logged by the program, in the form in which a running server writes it."""

    def __init__(self) -> None:
        self.text = io.StringIO()

    def __contains__(self, word: str) -> bool:
        return word.lower() in self.text.getvalue().lower()


@pytest.fixture
def heard() -> Iterator[Heard]:
    found = Heard()
    before = structlog.get_config()
    root, level = logging.getLogger(), logging.getLogger().level
    handler = logging.StreamHandler(found.text)
    handler.addFilter(lambda record: not record.name.startswith("httpx"))  # the client's own
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    _log_to_stderr()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(found.text), cache_logger_on_first_use=False)
    yield found
    structlog.configure(**before)
    root.removeHandler(handler)
    root.setLevel(level)


def database_log(connection: Connection) -> Path:
    row = connection.execute("SELECT current_setting('data_directory') AS folder").fetchone()
    assert row is not None
    return Path(row["folder"]).parent / "log"


def written(connection: Connection, table: LiteralString, column: LiteralString) -> int:
    """In how many rows the word stands."""
    row = connection.execute(
        f"SELECT count(*) AS rows FROM {table} WHERE {column}::text ILIKE '%%' || %s || '%%'", [CANARY]
    ).fetchone()
    assert row is not None
    return int(row["rows"])


def told(answer: Any) -> str:
    """What an answer says beside the record: its headers, and the body where it is an error."""
    headers = json.dumps(dict(answer.headers.items()))
    return headers + (answer.text if answer.status_code >= 400 else "")


def filled(body: dict[str, Any], places: list[tuple[str, ...]]) -> dict[str, Any]:
    for place in places:
        try:
            changed = with_text(body, place, f"{CANARY} {uuid4().hex}")
        except (AttributeError, TypeError):  # inside of what another place made a text
            continue
        body = changed
    return body


def sent_everywhere(client: TestClient, connection: Connection) -> Iterator[Any]:
    """The answers to every command with the word in each of its texts alone, in all of them, and where it is wrong."""
    document = client.get("/openapi.json").json()
    for path, methods in document["paths"].items():
        content = methods.get("post", {}).get("requestBody", {}).get("content", {}).get("application/json")
        if content is None or not path.startswith("/v1"):
            continue
        example, places = content.get("example", {}), list(texts(content["schema"], document, but=_CODE))
        ids = {noun: str(record(client, connection, noun.removesuffix("_id"))) for noun in NAMED if noun in path}
        address = "/".join(
            part if not part.startswith("{") else ids.get(part[1:-1], str(uuid4())) for part in path.split("/")
        )
        for body in (*(filled(example, [place]) for place in places), filled(example, places), {CANARY: CANARY}):
            headers = {"Idempotency-Key": f"{CANARY}{uuid4()}", "X-Request-Id": CANARY, "User-Agent": CANARY}
            yield client.post(address, json=body, headers=headers)
        yield client.post(address, content=f'{{"{CANARY}": "{CANARY}', headers=JSON)
        yield client.post(address, json=example, headers={"If-Match": f'"{CANARY}"'})


def test_what_people_write_is_found_in_the_record_and_nowhere_else(
    client: TestClient, store: Store, connection: Connection, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = database_log(connection).stat().st_size
    answers: list[Any] = []
    lead = capture(client, title=CANARY, customer_name=CANARY, external_ids={"shop": CANARY})
    answers.append(client.post("/v1/leads", json={"title": CANARY, "external_ids": {"shop": CANARY}}))  # it is taken
    answers += list(sent_everywhere(client, connection))
    for path, operation, _ in list(operations(client, "get")):
        for one in operation.get("parameters", ()):
            if one["in"] == "query" and path.startswith("/v1") and one["name"] != "tail":
                answers.append(client.get(path, params={one["name"]: CANARY}))
        answers.append(client.get(f"{path}/{CANARY}"))
    answers += [
        client.request(CANARY, "/v1/leads"),
        client.get(f"/{CANARY}"),
        client.get("/v1/leads", headers={"Authorization": f"Bearer everfold_{CANARY}_{CANARY}"}),
        client.get("/console", headers={"Cookie": f"everfold_session={CANARY}"}),
    ]
    act(client, lead, "win", {"reason": CANARY})

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError(CANARY)

    with monkeypatch.context() as patched:
        patched.setattr("api.events.horizon", broken)
        answers.append(client.get("/v1/events"))
        assert answers[-1].status_code == 500
    catch_up(connection)
    metrics = client.get("/metrics")
    assert metrics.status_code == 200

    assert len(answers) > 300
    assert {answer.status_code for answer in answers} >= {200, 400, 401, 404, 405, 409, 422, 500}
    assert written(connection, "log.personal_data", "data") > 10  # it is in the record, so it was looked for
    assert [written(connection, "log.event", column) for column in ("data", "metadata", "actor")] == [0, 0, 0]
    for answer in answers:
        assert not any(look in told(answer) for look in LOOKS), (
            answer.request.method,
            answer.request.url,
            told(answer),
        )
    assert not any(look in metrics.text for look in LOOKS)
    assert "unexpected error" in heard and '"route"' in heard  # what was looked through is what is logged
    assert CANARY not in heard
    with database_log(connection).open("rb") as said:
        said.seek(begin)
        assert CANARY.encode() not in said.read()


def test_an_error_of_the_database_does_not_reach_its_log(connection: Connection) -> None:
    log = database_log(connection)
    begin = log.stat().st_size
    for statement in ("SELECT %s::integer", "INSERT INTO log.event (type) VALUES (%s)"):
        with pytest.raises(Exception, match="."):
            connection.execute(statement, [CANARY])
    connection.execute("SET client_min_messages = error; DO $$ BEGIN RAISE LOG 'this is looked through'; END $$")
    said = log.read_bytes()[begin:]
    assert b"this is looked through" in said
    assert CANARY.encode() not in said
