"""Serves an installation and the bare routes beside it, in a process of its own, for `crm bench api` and `console`."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from starlette.types import Receive, Scope, Send

from api.access import SCOPES, create_api_key
from api.demo.load import load_demo
from api.fuzz import NO_LIMITS
from api.server import Server
from api.settings import Settings
from api.store import Store, open_store
from bench.api import Served, bare
from bench.ground import statement

_PATIENCE = 30.0


@contextmanager
def serving(conninfo: str, customers: int) -> Iterator[Served]:
    """A server of the demo company in this empty database, until the block ends."""
    with running(conninfo, customers) as (port, store):
        key = create_api_key(store, "bench", tuple(SCOPES))
        with store.pool.connection() as connection:
            row = connection.execute(statement("a_customer")).fetchone()
        assert row is not None
        yield Served(port, key, conninfo, row["customer_id"])


@contextmanager
def running(conninfo: str, customers: int) -> Iterator[tuple[int, Store]]:
    """The port of such a server, and its installation, open in this process too."""
    tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # as `crm run` listens
    with TemporaryDirectory(prefix="everfold-bench-") as folder, tcp as listening:
        settings = Settings.model_validate({"DATABASE_URL": conninfo, "data": folder, "secret": "bench", **NO_LIMITS})
        with open_store(settings, publish=False) as store:
            load_demo(store, seed=1, customers=customers)
            listening.bind(("127.0.0.1", 0))
            listening.listen(64)
            port = listening.getsockname()[1]
            process = get_context("spawn").Process(target=_serve, args=(conninfo, folder, listening), daemon=True)
            process.start()
            try:
                _await(port)
                yield port, store
            finally:
                process.terminate()
                process.join(_PATIENCE)
                process.kill()


def _serve(conninfo: str, folder: str, listening: socket.socket) -> None:
    settings = Settings.model_validate(
        {"DATABASE_URL": conninfo, "data": Path(folder), "secret": "bench", "log_requests": False, **NO_LIMITS}
    )
    with open_store(settings, follow=True, publish=False) as store:
        server = Server(store)
        api: Any = server.config.app  # Any: uvicorn also takes names
        other = bare(store.pool)

        async def both(scope: Scope, receive: Receive, send: Send) -> None:
            await (other if scope.get("path", "").startswith("/bare/") else api)(scope, receive, send)

        server.config.app = both
        server.run(sockets=[listening])


def _await(port: int) -> None:
    """Until it answers."""
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        with socket.create_connection(("127.0.0.1", port), _PATIENCE) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            if b" 200 " in connection.recv(100):
                return
    raise TimeoutError("The server that is to be measured does not answer.")
