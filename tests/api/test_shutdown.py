"""A server that is told to end ends in order, and one that is replaced under load loses nothing."""

import json
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from uuid import uuid4

import pytest

from api.access import create_api_key
from api.store import Store, open_store
from eventstore.database import Connection
from tests.api.serving import Reader, serving
from tests.api.test_cli import Crm
from tests.api.test_cli import crm as crm
from tests.api.test_cli import port as port
from tests.conftest import settings_for
from tests.waiting import comes

pytestmark = pytest.mark.full


@contextmanager
def running(crm: Crm, port: int) -> Iterator[subprocess.Popen[str]]:
    process = crm.start("run", "--no-follow", "--no-demo", "--port", str(port))
    try:
        assert process.stdout is not None and process.stdout.readline()
        yield process
    finally:
        process.kill()
        process.communicate()


def ready(port: int) -> int | None:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


class Writer(threading.Thread):
    """Captures leads one after the other; without an answer it asks again with the same Idempotency-Key."""

    def __init__(self, port: int, key: str) -> None:
        super().__init__(daemon=True)
        self._port, self._headers = port, {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self.done: list[tuple[str, str]] = []
        self.failed: list[int] = []
        self.tries = 0
        self.ending = threading.Event()

    def run(self) -> None:
        while not self.ending.is_set():
            title = f"Deal {uuid4().hex}"
            while (lead_id := self._ask(title)) is None:
                time.sleep(0.01)
            self.done.append((title, lead_id))

    def _ask(self, title: str) -> str | None:
        self.tries += 1
        line = HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            line.request("POST", "/v1/leads", json.dumps({"title": title}), self._headers | {"Idempotency-Key": title})
            answer = line.getresponse()
            told = json.loads(answer.read())
        except (OSError, HTTPException, ValueError):
            return None
        finally:
            line.close()
        if answer.status == 201:
            return str(told["lead_id"])
        if answer.status != 503:
            self.failed.append(answer.status)
        return None


def must_write_more(writers: list[Writer]) -> None:
    before = [len(writer.done) for writer in writers]
    assert comes(lambda: all(len(writer.done) >= n + 5 for writer, n in zip(writers, before, strict=True)), 60)


@pytest.mark.parametrize("how", [signal.SIGTERM, pytest.param(signal.SIGKILL, marks=pytest.mark.full)])
def test_servers_that_are_replaced_under_load_lose_no_write_and_double_none(
    crm: Crm, port: int, conninfo: str, connection: Connection, how: signal.Signals, request: pytest.FixtureRequest
) -> None:
    with open_store(settings_for(conninfo, Path(crm.environment["EVERFOLD_DATA"]))) as store:
        writers = [Writer(port, create_api_key(store, "writer", ("leads:write", "leads:read"))) for _ in range(4)]
    for writer in writers:
        writer.start()
    rounds = 30 if request.config.getoption("--full") else 2
    for _ in range(rounds):
        with running(crm, port) as process:
            must_write_more(writers)
            process.send_signal(how)
            process.communicate(timeout=40)
    with running(crm, port):
        for writer in writers:
            writer.ending.set()
        for writer in writers:
            writer.join(60)
            assert not writer.is_alive()
    assert [writer.failed for writer in writers] == [[]] * 4
    rows = connection.execute(
        "SELECT personal_data.data ->> 'title' AS title, event.stream_id::text AS lead_id FROM log.event"
        " JOIN log.personal_data USING (customer_id, position) WHERE type = 'lead.captured'"
    ).fetchall()
    assert sorted((row["title"], row["lead_id"]) for row in rows) == sorted(
        done for writer in writers for done in writer.done
    )


def test_it_says_that_it_ends_before_it_does(crm: Crm, port: int) -> None:
    crm.environment["EVERFOLD_DRAIN_SECONDS"] = "1.5"
    with running(crm, port) as process:
        assert ready(port) == 200
        process.send_signal(signal.SIGTERM)
        assert comes(lambda: ready(port) == 503)
        assert process.poll() is None
        assert comes(lambda: ready(port) is None)
        process.communicate(timeout=30)
        assert process.returncode == 0


def test_a_second_signal_ends_it_at_once(crm: Crm, port: int) -> None:
    key = re.search(r"everfold_\S+", crm("key", "create", "slow"))
    assert key is not None
    with running(crm, port) as process, socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(  # a request that is under way, and will be for twenty seconds
            b"POST /v1/leads HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n"
            + f"Authorization: Bearer {key[0]}\r\n\r\n{{".encode()
        )
        assert comes(lambda: ready(port) == 200)
        process.send_signal(signal.SIGTERM)
        assert comes(lambda: ready(port) is None)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        process.communicate(timeout=30)
        assert time.monotonic() - began < 15


def test_a_request_under_way_is_answered_and_a_tail_ends(store: Store, connection: Connection) -> None:
    key = create_api_key(store, "all", ("leads:write", "leads:read", "events:read"))
    with serving(store) as served, socket.create_connection(("127.0.0.1", served.port)) as line:
        reader = Reader(served.port, key, cursor="now")
        assert next(reader.all()).cursor
        body = b'{"title": "Ten seats"}'
        line.sendall(
            b"POST /v1/leads HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            + f"Authorization: Bearer {key}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body[:5]
        )
        assert comes(lambda: len(served.server.server_state.tasks) == 2)
        served.server.leave()
        assert list(reader.all()) == []
        assert comes(lambda: served.server.should_exit)
        line.sendall(body[5:])
        assert line.recv(4096).startswith(b"HTTP/1.1 201")
        served.stop()
