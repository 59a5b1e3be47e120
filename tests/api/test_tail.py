"""The feed as it grows: a reader who is cut off and comes back has read exactly the log."""

import json
import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from api import tail
from api.access import create_api_key, revoke_key
from api.app import create_app
from api.settings import Settings
from api.store import SYSTEM_ID, Store, open_store
from eventstore.audit.accesses import accesses
from eventstore.database import Connection, connect
from eventstore.log import Envelope
from tests.api.serving import Reader, Serving, serving
from tests.api.test_leads import act, capture
from tests.facts import captured, given
from tests.waiting import comes


@pytest.fixture
def key(store: Store) -> str:
    return create_api_key(store, "reader", ("events:read", "settings:read", "personal:read"))


@pytest.fixture
def served(store: Store) -> Iterator[Serving]:
    with serving(store) as running:
        yield running


def positions(connection: Connection, after: int = 0) -> list[int]:
    rows = connection.execute("SELECT position FROM log.event WHERE position > %s ORDER BY position", [after])
    return [row["position"] for row in rows]


@contextmanager
def writing(conninfo: str, count: int, writers: int = 2) -> Iterator[threading.Event]:
    """Several writers who append beside each other; the event is set when all are done."""
    done = threading.Event()

    def write() -> None:
        with connect(conninfo) as connection:
            for number in range(count):
                with connection.transaction():
                    given(connection, captured(f"Deal {number}"))

    threads = [threading.Thread(target=write) for _ in range(writers)]
    for thread in threads:
        thread.start()

    def wait() -> None:
        for thread in threads:
            thread.join()
        done.set()

    waiter = threading.Thread(target=wait)
    waiter.start()
    try:
        yield done
    finally:
        waiter.join()


def test_a_tail_begins_where_a_page_does_and_goes_on(
    served: Serving, key: str, client: TestClient, connection: Connection
) -> None:
    capture(client)
    known = positions(connection)
    reader = Reader(served.port, key)
    assert reader.answer.headers["content-type"].startswith("text/event-stream")
    assert reader.answer.headers["cache-control"] == "no-store"
    assert "content-encoding" not in reader.answer.headers
    sent = reader.take(len(known))
    assert [event.position for event in sent] == known
    page = client.get("/v1/events").json()["data"]
    assert [event.data for event in sent] == page
    capture(client)
    later = positions(connection, known[-1])
    assert [event.position for event in reader.take(len(later))] == later
    reader.cut()


def test_an_id_is_a_cursor_of_pages_too(served: Serving, key: str, client: TestClient) -> None:
    capture(client)
    reader = Reader(served.port, key)
    first = reader.take(2)[1]
    reader.cut()
    page = client.get("/v1/events", params={"cursor": first.cursor}).json()
    assert page["data"][0]["position"] > first.position
    again = Reader(served.port, key, cursor=page["next_cursor"])
    lead = capture(client)
    assert again.take(1)[0].data["customer_id"] == lead["customer_id"]
    again.cut()


def test_a_tail_may_begin_now_and_notes_whom_it_shows(
    served: Serving, key: str, client: TestClient, connection: Connection
) -> None:
    earlier = capture(client)
    reader = Reader(served.port, key, cursor="now")
    lead = capture(client)
    assert reader.take(1)[0].data["customer_id"] == lead["customer_id"]
    (noted,) = accesses(connection, [lead["customer_id"]], 9)
    assert (noted.way, noted.actor["kind"]) == ("GET /v1/events", "api_key")
    assert accesses(connection, [earlier["customer_id"]], 9) == []
    reader.cut()


def test_a_reader_who_is_cut_off_at_random_reads_exactly_the_log(
    store: Store, served: Serving, key: str, connection: Connection
) -> None:
    chance, read, cuts = random.Random(7), list[int](), 0
    last_id: str | None = None
    with writing(store.conninfo, 60) as done:
        while not (done.is_set() and read and read[-1] == positions(connection)[-1]):
            reader = Reader(served.port, key, last_id)
            wanted = chance.randint(1, 25)
            for sent in reader.events():
                read.append(sent.position)
                last_id = sent.cursor
                wanted -= 1
                if not wanted or (done.is_set() and read[-1] == positions(connection)[-1]):
                    break
            reader.cut()
            cuts += 1
    assert read == positions(connection)
    assert cuts > 3


def test_two_readers_read_the_same_and_one_connection_watches_for_both(
    store: Store, served: Serving, key: str, connection: Connection
) -> None:
    readers = [Reader(served.port, key, cursor="now") for _ in range(2)]
    begin = positions(connection)[-1]
    with writing(store.conninfo, 30):
        pass
    wanted = positions(connection, begin)
    for reader in readers:
        assert [event.position for event in reader.take(len(wanted))] == wanted
    row = connection.execute(
        "SELECT count(*) AS listening FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND query LIKE '%%last_value%%'"
    ).fetchone()
    assert row is not None
    assert row["listening"] <= 2 + store.pool.get_stats()["pool_size"]  # the follower's, the tip's
    for reader in readers:
        reader.cut()


def test_it_goes_on_at_another_server_where_the_first_one_ended(
    settings: Settings, store: Store, key: str, connection: Connection
) -> None:
    with serving(store) as first:
        reader = Reader(first.port, key)
        given(connection, captured("Before"))
        read = [event.position for event in reader.take(3)]
        first.stop()
        read += [event.position for event in reader.events()]
    given(connection, captured("Between"))
    with open_store(settings) as other, serving(other) as second:
        again = Reader(second.port, key, reader.last_id)
        given(connection, captured("After"))
        rest = positions(connection, read[-1])
        assert [event.position for event in again.take(len(rest))] == rest


def test_nothing_is_told_before_what_lies_below_it_is_committed(
    store: Store, served: Serving, key: str, connection: Connection
) -> None:
    reader = Reader(served.port, key, cursor="now")
    begin = positions(connection)[-1]
    with connect(store.conninfo) as slow:
        with slow.transaction():
            given(slow, captured("Drawn first"))
            given(connection, captured("Committed first"))
            assert not comes(lambda: store.tip.position > begin, within=0.5)
        wanted = positions(connection, begin)
    assert [event.position for event in reader.take(len(wanted))] == wanted
    reader.cut()


def test_filters_hold_and_the_cursor_moves_on_over_what_was_not_wanted(
    served: Serving, key: str, client: TestClient, connection: Connection
) -> None:
    reader = Reader(served.port, key, cursor="now", types="lead.won")
    other = capture(client)
    begun, moved = (next(reader.all()) for _ in range(2))  # nothing for her, but a new id
    assert (begun.data, moved.data) == (None, None)
    assert begun.cursor != moved.cursor
    act(client, other, "win")
    assert next(reader.events()).data["type"] == "lead.won"
    reader.cut()


def test_a_revoked_key_ends_the_tail(store: Store, served: Serving, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "_LOOK_AGAIN", 0.05)
    reader = Reader(served.port, key, cursor="now")
    revoke_key(store, UUID(key.split("_")[1]), Envelope("system", SYSTEM_ID, "test"))
    last = list(reader.all())[-1]
    assert (last.name, last.data["status"]) == ("not_signed_in", 401)


def test_a_new_epoch_ends_the_tail_and_says_so(
    served: Serving, key: str, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "_LOOK_AGAIN", 0.05)
    monkeypatch.setattr(tail, "_HEARTBEAT", 0.05)
    reader = Reader(served.port, key, cursor="now")
    assert [next(reader.all()).data for _ in range(3)] == [None] * 3  # a heart beats
    connection.execute("INSERT INTO log.epoch VALUES (gen_random_uuid(), clock_timestamp() + interval '1 s')")
    last = list(reader.all())[-1]
    assert (last.name, last.data["status"], last.data["code"]) == ("epoch_ended", 410, "epoch_ended")
    assert Reader(served.port, key, reader.last_id).status == 410


def test_so_many_tails_and_no_more(store: Store, key: str, connection: Connection) -> None:
    few = replace(store, settings=store.settings.model_copy(update={"tails": 2}))
    with serving(few) as served:
        readers = [Reader(served.port, key, cursor="now") for _ in range(2)]
        assert [next(reader.all()).data for reader in readers] == [None, None]
        refused = Reader(served.port, key)
        assert refused.status == 429
        assert json.loads(refused.answer.read())["code"] == "too_many_tails"
        assert refused.answer.headers["retry-after"]
        other = Reader(served.port, create_api_key(store, "other", ("events:read",)), cursor="now")
        assert other.status == 200
        for reader in (*readers, other):
            reader.cut()
        assert comes(lambda: not tail._open)
        assert Reader(served.port, key, cursor="now").status == 200


def test_what_is_wrong_with_the_question_is_said_before_the_stream_begins(
    served: Serving, store: Store, key: str
) -> None:
    assert Reader(served.port, key, "nonsense").status == 400
    assert Reader(served.port, key, types="lead.nonsense").status == 422
    assert Reader(served.port, create_api_key(store, "other", ("leads:read",))).status == 403
    assert Reader(served.port, "nonsense").status == 401


def test_a_reader_who_does_not_read_holds_no_connection_of_the_pool_and_no_shutdown(
    store: Store, key: str, connection: Connection
) -> None:
    with serving(store) as served:
        for number in range(60):
            given(connection, captured(f"Deal {number} " + "x" * 19_000))
        slow = socket.create_connection(("127.0.0.1", served.port))
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.sendall(f"GET /v1/events?tail=true HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n".encode())
        assert slow.recv(100).startswith(b"HTTP/1.1 200")
        assert comes(lambda: tail._open.total() == 1)
        reader = Reader(served.port, key)  # the others go on
        wanted = positions(connection)
        assert [event.position for event in reader.take(len(wanted))] == wanted
        stats = store.pool.get_stats()
        assert comes(lambda: store.pool.get_stats()["pool_available"] == stats["pool_size"])
        served.stop()
        slow.close()


def test_a_head_of_a_tail_ends(store: Store, key: str) -> None:
    with TestClient(create_app(store)) as client:
        answer = client.head("/v1/events?tail=true", headers={"Authorization": f"Bearer {key}"})
    assert (answer.status_code, answer.content) == (200, b"")


def test_nobody_watches_while_nobody_waits(store: Store, served: Serving, key: str, connection: Connection) -> None:
    def watched() -> bool:
        return store.tip._wanted.is_set()

    assert not watched()
    reader = Reader(served.port, key, cursor="now")
    assert watched()
    reader.cut()
    assert comes(lambda: not watched())
