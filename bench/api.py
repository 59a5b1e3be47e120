"""Requests to the API beside those to bare FastAPI routes in the same server process, with the same pool: one INSERT,
one SELECT, a list returned as JSON; and an export beside psycopg's COPY to a file.

The server is a process of its own. Each connection is kept open and asks again as soon as it is answered.
"""

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid4

from fastapi import FastAPI
from psycopg.types.json import Jsonb

from bench.append import captured
from bench.ground import ROUNDS, Result, compared, statement
from eventstore import codec
from eventstore.database import Pool, connect

_CONNECTIONS = 16
_LEAD = json.dumps({"title": "Ten seats for the workshop", "source": "web"})
_DIGEST = b"0123456789abcdef0123456789abcdef"


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs: where, what opens it, its database, and a customer who is in it."""

    port: int
    key: str
    conninfo: str
    customer_id: UUID


def bare(pool: Pool) -> FastAPI:
    """The routes to be compared with: each does one statement, asks nobody who they are, and checks nothing."""
    app = FastAPI(openapi_url=None)
    data, personal = codec.split(captured())
    insert = statement("bare_insert")

    @app.post("/bare/leads", status_code=201)
    def capture(lead: dict[str, str]) -> dict[str, str]:
        lead_id = uuid4()
        before = [Jsonb(data | (personal or {})), _DIGEST, Jsonb({"kind": "api_key", "id": str(UUID(int=2))})]
        with pool.connection() as connection:
            connection.execute(
                insert, [uuid4(), lead_id, uuid4(), *before, uuid4(), Jsonb({"channel": "api"}), _DIGEST]
            )
        return {"lead_id": str(lead_id), **lead}

    @app.get("/bare/customers/{customer_id}")
    def customer(customer_id: UUID) -> Any:  # Any: a row
        with pool.connection() as connection:
            return connection.execute(statement("one_customer"), {"customer_id": customer_id}).fetchone()

    @app.get("/bare/leads")
    def leads() -> Any:  # Any: rows
        with pool.connection() as connection:
            return connection.execute(statement("won_leads")).fetchall()

    return app


def run(served: Served, seconds: float) -> Iterator[Result]:
    """Answers per second; `seconds` is how long each contender runs for each figure, in rounds taken in turn."""
    with connect(served.conninfo) as connection:
        connection.execute(statement("bare_table"))
        connection.execute(statement("bare_grants"))
    who, leads = f"customers/{served.customer_id}", "leads?status=won&sort=-captured_at&limit=100"
    for figure, ours, theirs, to_reach in (
        ("POST /v1/leads", ("POST", "/v1/leads", _LEAD), ("POST", "/bare/leads", _LEAD), 0.4),
        ("GET /v1/customers/{id}", ("GET", f"/v1/{who}", ""), ("GET", f"/bare/{who}", ""), 0.5),
        ("GET /v1/leads, 100 that were won", ("GET", f"/v1/{leads}", ""), ("GET", "/bare/leads", ""), 0.4),
    ):
        contenders = {"everfold": partial(asked, served, *ours), "bare route": partial(asked, served, *theirs)}
        yield compared(f"{figure}, {_CONNECTIONS} connections", _in_turn(contenders, seconds), to_reach)


def growth(small: Served, large: Served, figure: str, seconds: float) -> Result:
    """The same read from a large log's server and from a small one's."""
    contenders = {
        name: partial(asked, served, "GET", f"/v1/customers/{served.customer_id}", "")
        for name, served in (("everfold", large), ("the small log", small))
    }
    return compared(f"GET /v1/customers/{{id}}, {figure}", _in_turn(contenders, seconds), 0.9)


def asked(served: Served, method: str, path: str, body: str, seconds: float, connections: int = _CONNECTIONS) -> float:
    """Answers per second. Raises ValueError for one that is not 200 or 201."""
    sent = (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nAuthorization: Bearer {served.key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body.encode())}\r\n\r\n{body}"
    ).encode()

    async def all_of_them() -> int:
        until = time.perf_counter() + seconds
        return sum(await asyncio.gather(*(_repeat(served.port, sent, until) for _ in range(connections))))

    began = time.perf_counter()
    answers = asyncio.run(all_of_them())
    return answers / (time.perf_counter() - began)


async def _repeat(port: int, sent: bytes, until: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answers = 0
    try:
        while time.perf_counter() < until:
            writer.write(sent)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            body = await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))
            if not head.startswith((b"http/1.1 200", b"http/1.1 201")):
                raise ValueError(f"The server answered {body[:300].decode()}")
            answers += 1
    finally:
        writer.close()
    return answers


def _in_turn(contenders: Mapping[str, Callable[[float], float]], seconds: float) -> dict[str, list[float]]:
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    for work in contenders.values():
        work(0.3)  # plans, caches and connections are warm
    for _ in range(ROUNDS):
        for name, work in contenders.items():
            rates[name].append(work(seconds / ROUNDS))
    return rates


def export(served: Served) -> Result:
    """All leads as NDJSON over HTTP, beside a COPY of the same table into a file; in rows a second."""
    rates: dict[str, list[float]] = {"everfold": [], "psycopg COPY": []}
    with TemporaryDirectory(prefix="everfold-bench-") as folder:
        for _ in range(ROUNDS):
            for name, work in zip(rates, (_exported, _copied), strict=True):
                began = time.perf_counter()
                rows = work(served, Path(folder) / "rows")
                rates[name].append(rows / (time.perf_counter() - began))
    return compared(f"NDJSON export of {rows:,} leads", rates, 0.3)


def _exported(served: Served, file: Path) -> int:
    from http.client import HTTPConnection

    connection = HTTPConnection("127.0.0.1", served.port)
    headers = {"Authorization": f"Bearer {served.key}"}
    connection.request("GET", "/v1/exports/leads?format=ndjson", headers=headers)
    answer = connection.getresponse()
    if answer.status != 200:
        raise ValueError(f"The server answered {answer.read(300).decode()}")
    rows = 0
    with file.open("wb") as written:
        while piece := answer.read(1 << 16):
            written.write(piece)
            rows += piece.count(b"\n")
    connection.close()
    return rows


def _copied(served: Served, file: Path) -> int:
    with connect(served.conninfo) as connection, connection.cursor() as cursor, file.open("wb") as written:
        with cursor.copy(b"COPY public.lead TO STDOUT") as copy:
            for piece in copy:
                written.write(piece)
        return cursor.rowcount
