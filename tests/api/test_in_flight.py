"""While a command with a key is carried out, who sends it again waits a little, and is then told so."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from api import write
from api.store import Store
from eventstore.database import Connection, connect
from eventstore.turns import Turn
from tests.api.test_leads import CAPTURE, act, capture, leads
from tests.facts import NOBODY

KEY = {"Idempotency-Key": "k"}


@pytest.fixture
def other(store: Store) -> Iterator[Connection]:
    """The session of another process."""
    with connect(store.conninfo) as connection:
        yield connection


def holding(other: Connection, command_id: UUID) -> None:
    other.execute("SELECT pg_advisory_lock(uuid_hash_extended(%s::uuid, 2::bigint))", [command_id])


def held(connection: Connection) -> int:
    row = connection.execute(
        """
        SELECT count(*) AS n
        FROM pg_locks
        WHERE locktype = 'advisory'
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND mode = 'ExclusiveLock'
        """
    ).fetchone()
    assert row is not None
    return int(row["n"])


def command_id(store: Store, connection: Connection, path: str) -> UUID:
    """Of the command that is sent there with the key, by the client whose API key was made last."""
    key_id = list(store.settled.now(connection)[0].keys)[-1]
    return store.derived_id(key_id.hex, "POST", path, KEY["Idempotency-Key"])


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write, "_PATIENCE", -1.0)


@pytest.mark.usefixtures("impatient")
def test_a_command_in_flight_is_told_so_and_goes_through_when_its_turn_has_come(
    client: TestClient, connection: Connection, other: Connection, store: Store
) -> None:
    lead = capture(client)
    path = f"/v1/leads/{UUID(lead['lead_id']).hex}/win"
    holding(other, command_id(store, connection, path))
    early = act(client, lead, "win", headers=KEY)
    assert (early.status_code, early.json()["code"]) == (409, "idempotency_key_in_flight")
    assert early.headers["Retry-After"] == "1"
    assert act(client, lead, "win", headers={"Idempotency-Key": "another"}).status_code == 200
    other.execute("SELECT pg_advisory_unlock_all()")
    assert act(client, lead, "win", headers=KEY).json()["code"] == "lead_already_closed"
    assert held(connection) == 0


@pytest.mark.usefixtures("impatient")
def test_a_capture_in_flight_too_and_in_a_batch(
    client: TestClient, connection: Connection, other: Connection, store: Store
) -> None:
    holding(other, command_id(store, connection, "/v1/leads"))
    early = client.post("/v1/leads", json=CAPTURE, headers=KEY)
    assert (early.status_code, leads(connection)) == (409, 0)
    item = {"command": "leads/capture", "body": CAPTURE, "idempotency_key": KEY["Idempotency-Key"]}
    (told,) = client.post("/v1/batch", json={"items": [item]}).json()["data"]
    assert (told["status"], told["problem"]["code"]) == (409, "idempotency_key_in_flight")
    other.execute("SELECT pg_advisory_unlock_all()")
    assert client.post("/v1/leads", json=CAPTURE, headers=KEY).status_code == 201
    assert held(connection) == 0


def test_who_comes_in_between_waits_for_the_first_to_end(
    client: TestClient, connection: Connection, other: Connection, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = capture(client)
    holding(other, command_id(store, connection, f"/v1/leads/{UUID(lead['lead_id']).hex}/win"))
    waited: list[float] = []

    def waiting(seconds: float) -> None:
        waited.append(seconds)
        other.execute("SELECT pg_advisory_unlock_all()")

    monkeypatch.setattr("api.write.time.sleep", waiting)
    assert act(client, lead, "win", headers=KEY).json()["status"] == "won"
    assert len(waited) == 1


@pytest.mark.usefixtures("impatient")
def test_what_was_carried_out_is_answered_whoever_has_the_turn(
    client: TestClient, connection: Connection, other: Connection, store: Store
) -> None:
    lead = capture(client)
    first = act(client, lead, "win", headers=KEY)
    holding(other, command_id(store, connection, f"/v1/leads/{UUID(lead['lead_id']).hex}/win"))
    assert act(client, lead, "win", headers=KEY).json() == first.json()


def test_a_turn_ends_also_where_nothing_was_recorded(client: TestClient, connection: Connection) -> None:
    lead = capture(client)
    assert act(client, lead, "reopen", headers=KEY).status_code == 409
    assert act(client, lead, "win", headers=KEY | {"If-Match": '"9"'}).status_code == 412
    assert act(client, {"lead_id": NOBODY.actor_id}, "win", headers=KEY).status_code == 404
    assert act(client, lead, "assign", {"owner_id": str(NOBODY.actor_id)}, headers=KEY).status_code == 409
    assert held(connection) == 0


@pytest.mark.usefixtures("impatient")
def test_the_planted_bug_of_turns_that_nobody_takes_is_not_told(
    client: TestClient, connection: Connection, other: Connection, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = capture(client)
    holding(other, command_id(store, connection, f"/v1/leads/{UUID(lead['lead_id']).hex}/win"))
    monkeypatch.setattr(Turn, "loading", lambda _, __, load: load())
    assert act(client, lead, "win", headers=KEY).status_code == 200
