"""Serves the console of the demo company, with a board of a thousand cards, for `crm bench console`."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any

from api.access import SCOPES, create_api_key
from api.cli.bench_server import running
from api.console.cookies import SESSION
from api.sessions import begin_session
from api.store import OPERATOR_ID, Store
from bench.console import CARDS, Visited
from bench.ground import statement
from domain.event import MemberId
from domain.workspace import DEFAULT_PIPELINE

_PIPELINE = "thousand"
_OWN = ("customers", "leads", "tickets")
"""Pages of which each record has one."""


@contextmanager
def visiting(conninfo: str, customers: int) -> Iterator[Visited]:
    """A server of the demo company in this empty database, until the block ends, and somebody signed in."""
    with running(conninfo, customers) as (port, store):
        key = create_api_key(store, "bench", tuple(SCOPES))
        cookie = f"{SESSION}={begin_session(store, MemberId(OPERATOR_ID), 'link')}"
        board = f"/console/pipeline?pipeline={_PIPELINE}&all=true"
        pages = _pages(store)
        position = _fill_board(port, key)
        _seen_up_to(port, cookie, f"{board}&position={position}")
        yield Visited(port, cookie, pages, board)


def _pages(store: Store) -> Mapping[str, Sequence[str]]:
    with store.pool.connection() as connection:
        rows = connection.execute(statement("some_records")).fetchall()
    of = {noun: [row["id"] for row in rows if row["noun"] == noun] for noun in _OWN}
    past = rows[0]["past"].isoformat()
    return {
        "home": ["/console"],
        "home's figures": ["/console/figures"],
        "customers": ["/console/customers", "/console/customers?status=active", "/console/customers?q=farm"],
        "a customer": [f"/console/customers/{one}" for one in of["customers"]],
        "a customer in the past": [f"/console/customers/{one}?as_of={past}T12:00" for one in of["customers"]],
        "the pipeline": ["/console/pipeline"],
        "the pipeline in the past": [f"/console/pipeline?as_of={past}T12:00"],
        "a lead": [f"/console/leads/{one}" for one in of["leads"]],
        "tickets": ["/console/tickets"],
        "a ticket": [f"/console/tickets/{one}" for one in of["tickets"]],
        "agenda": ["/console/agenda"],
        "figures": ["/console/kpis"],
        "a figure": ["/console/kpis/win_rate", "/console/kpis/mrr_movements"],
        "a cohort": ["/console/kpis/cohort_retention"],
        "events of a figure": ["/console/kpis/win_rate/events"],
        "log": ["/console/log"],
        "read models": ["/console/log/read-models"],
        "imports": ["/console/imports"],
        "settings": ["/console/settings/pipelines", "/console/settings/members"],
        "search": ["/console/search?q=an"],
    }


def _fill_board(port: int, key: str) -> int:
    """A pipeline of its own with as many leads as are wanted, spread over its stages; up to which position."""
    stages = [{"name": stage.name, "probability": str(stage.probability)} for stage in DEFAULT_PIPELINE.stages]
    _batch(port, key, [{"command": "pipelines/publish", "body": {"name": _PIPELINE, "stages": stages}}])
    leads = [
        {
            "command": "leads/capture",
            "body": {
                "title": f"Ten seats, number {number}",
                "customer_name": f"Customer {number}",
                "pipeline": _PIPELINE,
                "stage": stages[number % len(stages)]["name"],
                "value": {"amount": f"{100 + number}.00", "currency": "EUR"},
            },
        }
        for number in range(CARDS)
    ]
    return _batch(port, key, leads)


def _batch(port: int, key: str, items: Sequence[Mapping[str, Any]]) -> int:  # Any: JSON
    """Have commands carried out; the last one's position. Raises ValueError when one is refused."""
    connection = HTTPConnection("127.0.0.1", port)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    connection.request("POST", "/v1/batch", json.dumps({"items": items}), headers)
    said = connection.getresponse().read()
    connection.close()
    answers = json.loads(said).get("data", [])
    if len(answers) < len(items) or any(answer["problem"] for answer in answers):
        raise ValueError(f"The server answered {said[:300].decode()}")
    return int(answers[-1]["result"]["position"])


def _seen_up_to(port: int, cookie: str, address: str) -> None:
    """Until the board shows them."""
    connection = HTTPConnection("127.0.0.1", port)
    connection.request("GET", address, headers={"Cookie": cookie})
    connection.getresponse().read()
    connection.close()
