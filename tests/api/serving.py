"""A real server in a thread, and a reader of its tail of the feed."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlencode

from api.server import Server
from api.store import Store
from tests.waiting import comes

_PATIENCE = 60.0
"""In seconds."""


@dataclass(frozen=True)
class Serving:
    """A server that runs, and where it listens."""

    server: Server
    port: int
    thread: threading.Thread

    def stop(self) -> None:
        self.server.leave()
        self.thread.join(30)
        assert not self.thread.is_alive()


@contextmanager
def serving(store: Store) -> Iterator[Serving]:
    """Serve the store until the block ends, or until it is stopped before."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", 0))
    listening.listen(64)
    server = Server(store)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    assert comes(lambda: server.started)
    running = Serving(server, listening.getsockname()[1], thread)
    try:
        yield running
    finally:
        running.stop()
        listening.close()


@dataclass(frozen=True)
class Sent:
    """One server-sent event."""

    name: str
    cursor: str | None
    data: Any

    @property
    def position(self) -> int:
        return int(self.data["position"])


class Reader:
    """Reads a tail; `cut` ends the connection as a broken line would."""

    def __init__(self, port: int, key: str, last_id: str | None = None, timeout: float = 30, **query: str) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=timeout)
        headers = {"Authorization": f"Bearer {key}", "Accept": "text/event-stream"}
        if last_id:
            headers["Last-Event-ID"] = last_id
        self._connection.request("GET", f"/v1/events?{urlencode(query)}", headers=headers)
        self.last_id = last_id
        self.answer = self._connection.getresponse()
        self.status = self.answer.status

    def all(self) -> Iterator[Sent]:
        """Whatever is sent, heartbeats too, until the stream ends or is cut."""
        while (frame := self._frame()) is not None:
            fields: dict[str, str] = {}
            for line in frame:
                name, _, value = line.partition(": ")
                fields[name] = value
            self.last_id = fields.get("id", self.last_id)
            data = json.loads(fields["data"]) if "data" in fields else None
            yield Sent(fields.get("event", "message"), fields.get("id"), data)

    def events(self) -> Iterator[Sent]:
        """Only the events of the log."""
        return (sent for sent in self.all() if sent.name == "message" and sent.data)

    def take(self, count: int) -> list[Sent]:
        """The next events of the log. Fails where one does not come: heartbeats would come for ever."""
        taken: list[Sent] = []
        until = time.monotonic() + _PATIENCE
        for sent in self.all():
            if sent.name == "message" and sent.data:
                taken.append(sent)
            if len(taken) == count:
                return taken
            assert time.monotonic() < until, f"{len(taken)} of {count} events have come"
        raise AssertionError(f"the stream ended after {len(taken)} of {count} events")

    def cut(self) -> None:
        # the socket, not the connection: it may be in use by another thread that waits for more
        if self.answer.fp is not None:
            self.answer.close()
        self._connection.close()

    def _frame(self) -> list[str] | None:
        lines: list[str] = []
        while True:
            try:
                line = self.answer.readline().decode()
            except (OSError, HTTPException, ValueError):
                return None
            if not line:
                return None
            if line == "\n":
                return lines
            lines.append(line.rstrip("\n"))
