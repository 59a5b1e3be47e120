"""Duplicates are listed over the API and on the command line, a page at a time."""

import json
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.access import create_api_key
from api.cli import verbs
from api.store import Store
from domain.customer import CustomerRegistered
from eventstore.database import Connection
from replay.follow import catch_up
from tests.projections.records import told


def brooks(connection: Connection, count: int) -> list[UUID]:
    registered = CustomerRegistered(kind="person", name="Ann Brook")
    return sorted(told(connection, "customer", registered)[0] for _ in range(count))


def test_pairs_are_listed_with_score_and_reasons(client: TestClient, connection: Connection) -> None:
    one, other = brooks(connection, 2)
    catch_up(connection)
    answer = client.get("/v1/duplicates")
    assert answer.status_code == 200
    assert answer.json() == {
        "data": [
            {
                "customer_id": str(one),
                "name": "Ann Brook",
                "status": "prospect",
                "other_id": str(other),
                "other_name": "Ann Brook",
                "other_status": "prospect",
                "score": 0.8,
                "reasons": ["same name"],
            }
        ],
        "has_more": False,
        "next_cursor": None,
    }


def test_a_cursor_goes_on_where_the_page_ended(client: TestClient, connection: Connection) -> None:
    ids = brooks(connection, 4)
    catch_up(connection)
    pairs, cursor = list[tuple[str, str]](), None
    while True:
        page = client.get("/v1/duplicates", params={"limit": 4} | ({"cursor": cursor} if cursor else {})).json()
        pairs += [(pair["customer_id"], pair["other_id"]) for pair in page["data"]]
        cursor = page["next_cursor"]
        assert page["has_more"] is (cursor is not None)
        if cursor is None:
            break
    assert pairs == [(str(one), str(other)) for at, one in enumerate(ids) for other in ids[at + 1 :]]


def test_what_is_refused(store: Store, client: TestClient, connection: Connection) -> None:
    assert client.get("/v1/duplicates", params={"limit": 0}).status_code == 422
    assert client.get("/v1/duplicates", params={"cursor": "x"}).json()["code"] == "bad_cursor"
    assert client.get("/v1/duplicates", headers={"Min-Position": str(10**9)}).status_code == 422
    key = create_api_key(store, "leads only", ("leads:read",))
    assert client.get("/v1/duplicates", headers={"Authorization": f"Bearer {key}"}).status_code == 403
    assert client.get("/v1/duplicates", headers={"Authorization": "Bearer no"}).status_code == 401


@pytest.fixture
def told_twice(store: Store, connection: Connection, monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    monkeypatch.setenv("DATABASE_URL", store.conninfo)
    monkeypatch.setenv("EVERFOLD_SECRET", "test")
    monkeypatch.setenv("EVERFOLD_DATA", str(store.settings.data))
    ids = brooks(connection, 2)
    found = CustomerRegistered(kind="person", name="Ann Broock")
    told(connection, "customer", found)
    return ids


def test_the_command_line_shows_them(told_twice: list[UUID]) -> None:
    run = CliRunner().invoke(verbs.app, ["duplicates", "--limit", "1"])
    assert run.exit_code == 0, run.output
    assert run.stdout.splitlines() == [
        "0.80  Ann Brook · Ann Brook: same name",
        f"      {told_twice[0]} {told_twice[1]}",
        "These are 1 of 3 pairs. More: --limit",
    ]
    run = CliRunner().invoke(verbs.app, ["duplicates", "--json", "--limit", "1"])
    (pair,) = json.loads(run.stdout)
    assert (pair["customer_id"], pair["other_id"]) == tuple(map(str, told_twice))
    assert pair["reasons"] == ["same name"]
