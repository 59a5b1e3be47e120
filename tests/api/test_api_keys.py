"""API keys come to their ends, are replaced while both work, and say when they were used; who guesses is noted."""

import hmac
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from api import attempts
from api.access import create_api_key
from api.store import Store, append_to_workspace
from api.tokens import list_api_keys, rotate_key
from domain.workspace import WorkspaceApiKeyIssued
from eventstore.database import Connection
from tests.api.test_tokens import BY, code, noted, status


def key_id_of(key: str) -> UUID:
    return UUID(hex=key.split("_")[1])


def test_a_key_with_an_end_is_refused_from_then_on(store: Store, anonymous: TestClient, connection: Connection) -> None:
    key = create_api_key(store, "tests", ("members:read",))
    issued = store.settled.now(connection)[0].keys[key_id_of(key)]
    for ends_in, expected in ((60, 200), (-1, 401)):
        ends_at = datetime.now(UTC) + timedelta(seconds=ends_in)
        append_to_workspace(connection, None, issued.model_copy(update={"expires_at": ends_at}))
        assert status(anonymous, key) == expected
    assert code(anonymous, key) == "key_expired"
    wrong = f"{key}x"
    assert code(anonymous, wrong) == "not_signed_in", "nobody learns of a key that is not hers"
    assert ("api_key", "expired", key_id_of(key)) in noted(connection)


def test_a_replaced_key_works_for_a_while_and_its_successor_may_do_the_same(
    store: Store, anonymous: TestClient, connection: Connection
) -> None:
    old = create_api_key(store, "tests", ("members:read",))
    new = rotate_key(store, key_id_of(old), datetime.now(UTC) + timedelta(hours=1), None, BY)
    assert (status(anonymous, old), status(anonymous, new)) == (200, 200)
    listed = {key.key_id: key for key in list_api_keys(store)}
    assert listed[key_id_of(old)].replaced_by == key_id_of(new)
    assert listed[key_id_of(new)].scopes == ("members:read",)
    assert (listed[key_id_of(new)].label, listed[key_id_of(new)].expires_at) == ("tests", None)
    last = rotate_key(store, key_id_of(new), datetime.now(UTC), datetime.now(UTC) + timedelta(days=90), BY)
    assert (status(anonymous, new), status(anonymous, last)) == (401, 200)
    assert old.split("_", 2)[2] not in json.dumps(
        connection.execute("SELECT to_jsonb(e) AS e FROM log.event AS e").fetchall(), default=str
    )


def test_when_a_key_was_used_last_is_known_to_the_hour(store: Store, anonymous: TestClient) -> None:
    used, unused = create_api_key(store, "used", ("members:read",)), create_api_key(store, "unused", ())
    for _ in range(3):
        assert status(anonymous, used) == 200
    listed = {key.key_id: key.last_used_at for key in list_api_keys(store)}
    at = listed[key_id_of(used)]
    assert at is not None
    assert datetime.now(UTC) - timedelta(hours=1, minutes=1) < at <= datetime.now(UTC)
    assert (at.minute, at.second, at.microsecond) == (0, 0, 0)
    assert listed[key_id_of(unused)] is None


@pytest.mark.parametrize("of_a_key_that_is_there", [True, False])
def test_secrets_are_compared_in_constant_time_also_where_there_is_no_such_key(
    store: Store, anonymous: TestClient, monkeypatch: pytest.MonkeyPatch, of_a_key_that_is_there: bool
) -> None:
    key = create_api_key(store, "tests", ())
    compared: list[tuple[int, int]] = []
    plain = hmac.compare_digest

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return plain(one, other)

    monkeypatch.setattr("api.tokens.hmac.compare_digest", compare)
    key_id = key_id_of(key) if of_a_key_that_is_there else uuid4()
    assert status(anonymous, f"everfold_{key_id.hex}_guess") == 401
    assert compared == [(32, 32)]


def test_refusals_are_written_down_once_a_minute_and_counted_every_time(
    store: Store, anonymous: TestClient, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    minute = [datetime(2026, 3, 2, 9, 30, tzinfo=UTC)]
    monkeypatch.setattr(attempts, "now", lambda: minute[0])
    key = create_api_key(store, "tests", ())
    for _ in range(3):
        assert status(anonymous, f"{key}x") == 401
        assert status(anonymous, "everfold_nonsense") == 401
    assert status(anonymous, key) == 403
    refused = [("api_key", "refused", key_id_of(key)), ("api_key", "refused", None)]
    assert noted(connection) == [*refused, ("api_key", "not_allowed", key_id_of(key))]
    assert store.attempts.counts() == {("api_key", "refused"): 6, ("api_key", "not_allowed"): 1}
    minute[0] += timedelta(minutes=1)
    assert status(anonymous, f"{key}x") == 401
    assert len(noted(connection)) == 4
    asking = create_api_key(store, "metrics", ("metrics:read",))
    text = anonymous.get("/metrics", headers={"Authorization": f"Bearer {asking}"}).text
    assert 'everfold_sign_ins_total{outcome="refused",way="api_key"} 7.0' in text


def test_a_key_of_before_has_no_end() -> None:
    issued = {"key_id": str(uuid4()), "label": "old", "secret_digest": "ab" * 32, "scopes": []}
    assert WorkspaceApiKeyIssued.model_validate(issued).expires_at is None
