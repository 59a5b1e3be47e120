"""The log keeps what was appended, all of it or nothing, and never changes it."""

import json
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from uuid import uuid4

import psycopg
import pytest

from domain.event import FORGOTTEN, CustomerId
from domain.lead import Lead as LeadState
from domain.lead import LeadLost, LeadQualified, LogInteraction, log_interaction
from domain.workspace import WORKSPACE_ID
from eventstore import log
from eventstore.database import Connection, connect
from tests.facts import NOBODY, captured, given


def claim(customer_id: CustomerId, body: bytes = b"body") -> log.Claim:
    return log.Claim(customer_id, uuid4(), body)


def lead_event(version: int | None = 1, customer_id: CustomerId | None = None) -> log.NewEvent:
    return log.NewEvent(customer_id or CustomerId(uuid4()), "lead", uuid4(), version, captured())


def rows(connection: Connection, table: str) -> int:
    row = connection.execute(psycopg.sql.SQL("SELECT count(*) AS n FROM {}").format(psycopg.sql.SQL(table))).fetchone()
    assert row is not None
    return int(row["n"])


def test_what_was_appended_is_loaded_in_order_with_its_envelope(connection: Connection) -> None:
    long_ago = datetime(2026, 3, 3, 9, tzinfo=UTC)
    lead_id, customer_id = given(
        connection, captured(), LeadLost(reason="price"), at=[long_ago, long_ago + timedelta(days=1)], flags=("odd",)
    )
    first, second = log.load(connection, lead_id).history
    assert (first.version, second.version) == (1, 2)
    assert second.position == first.position + 1
    assert second.event == LeadLost(reason="price")
    assert (second.type, second.stream_type, second.customer_id) == ("lead.lost", "lead", customer_id)
    assert first.occurred_at == long_ago
    assert first.recorded_at > long_ago
    assert first.metadata == {"channel": "test", "flags": ["odd"]}
    assert first.actor == {"kind": "system", "id": str(NOBODY.actor_id)}


def test_personal_fields_lie_beside_the_log_and_not_in_it(connection: Connection) -> None:
    given(connection, captured("Canary title"), LeadLost(reason="Canary reason"))
    events = json.dumps(connection.execute("SELECT to_jsonb(e) AS e FROM log.event e").fetchall(), default=str)
    assert "Canary" not in events
    beside = json.dumps(connection.execute("SELECT data FROM log.personal_data").fetchall())
    assert "Canary title" in beside
    assert "Canary reason" in beside


def test_an_event_whose_personal_part_is_gone_reads_as_forgotten(connection: Connection) -> None:
    lead_id, _ = given(connection, captured("Canary"), LeadQualified())
    connection.execute("DELETE FROM log.personal_data")
    first, second = log.load(connection, lead_id).history
    assert getattr(first.event, "title", None) == FORGOTTEN
    assert second.event == LeadQualified()


def test_events_about_a_part_are_found_by_it(connection: Connection) -> None:
    interaction_id = uuid4()
    logged = log_interaction(LeadState(contacts=frozenset({None})), LogInteraction(kind="call"), interaction_id)
    _, customer_id = given(connection, captured(), *logged)
    (found,) = log.load_part(connection, CustomerId(customer_id), interaction_id)
    assert found.type == "lead.interaction_logged"


@pytest.mark.parametrize("version", [1, 2, 4])
def test_an_append_to_another_version_than_the_last_is_refused_and_draws_no_position(
    connection: Connection, version: int
) -> None:
    lead_id, customer_id = given(connection, captured(), LeadQualified())
    late = log.NewEvent(CustomerId(customer_id), "lead", lead_id, version, LeadLost())
    before = connection.execute("SELECT last_value FROM log.event_position").fetchone()
    with pytest.raises(log.VersionConflict):
        log.append(connection, [late], NOBODY)
    assert connection.execute("SELECT last_value FROM log.event_position").fetchone() == before
    assert log.load(connection, lead_id).version == 2


def test_an_append_to_any_version_takes_the_next_ones(connection: Connection) -> None:
    lead_id, customer_id = given(connection, captured())
    given(connection, LeadQualified(), LeadLost(), lead_id=lead_id, customer_id=customer_id, version=None)
    assert [recorded.version for recorded in log.load(connection, lead_id).history] == [1, 2, 3]


@pytest.mark.parametrize("version", [2, None])
def test_a_stream_never_changes_its_customer(connection: Connection, version: int | None) -> None:
    lead_id, _ = given(connection, captured())
    strange = log.NewEvent(CustomerId(uuid4()), "lead", lead_id, version, LeadLost())
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="belongs to another customer"):
        log.append(connection, [strange], NOBODY)
    assert log.load(connection, lead_id).version == 1


def test_several_streams_are_appended_together_or_not_at_all(connection: Connection) -> None:
    lead_id, customer_id = given(connection, captured())
    fresh = lead_event(customer_id=CustomerId(customer_id))
    stale = log.NewEvent(CustomerId(customer_id), "lead", lead_id, 1, LeadLost())
    with pytest.raises(log.VersionConflict):
        log.append(connection, [fresh, stale], NOBODY, claim(CustomerId(customer_id)))
    assert log.load(connection, fresh.stream_id).version == 0
    assert rows(connection, "log.command") == 0
    good = log.NewEvent(CustomerId(customer_id), "lead", lead_id, 2, LeadLost())
    assert len(log.append(connection, [fresh, good], NOBODY)) == 2
    assert log.load(connection, fresh.stream_id).version == 1


def test_a_command_is_carried_out_once(connection: Connection) -> None:
    event = lead_event()
    once = claim(event.customer_id)
    (position,) = log.append(connection, [event], NOBODY, once)
    again = log.NewEvent(event.customer_id, "lead", event.stream_id, 2, LeadQualified())
    with pytest.raises(log.CommandAlreadyCarriedOut):
        log.append(connection, [again], NOBODY, once)
    loaded = log.load(connection, event.stream_id, once.command_id)
    assert loaded.version == 1
    assert loaded.carried_out == log.CarriedOut(b"body", position, 1)
    assert log.load(connection, event.stream_id, uuid4()).carried_out is None


def test_a_command_that_is_found_finds_its_events_too(conninfo: str, connection: Connection) -> None:
    def look(event: log.NewEvent, once: log.Claim, start: Barrier, found: list[log.Loaded]) -> None:
        with connect(conninfo) as own:
            start.wait()
            found.extend(log.load(own, event.stream_id, once.command_id) for _ in range(5))

    for _ in range(200):
        event, start, found = lead_event(), Barrier(2), list[log.Loaded]()
        once = claim(event.customer_id)
        reader = Thread(target=look, args=(event, once, start, found))
        reader.start()
        start.wait()
        log.append(connection, [event], NOBODY, once)
        reader.join()
        assert all(loaded.version == 1 for loaded in found if loaded.carried_out)


def test_an_external_id_names_one_stream(connection: Connection) -> None:
    first, second = lead_event(), lead_event()
    named = log.ExternalId("shop", "A-1", first.customer_id, first.stream_id)
    log.append(connection, [first], NOBODY, external_ids=[named])
    taken = log.ExternalId("shop", "A-1", second.customer_id, second.stream_id)
    with pytest.raises(log.ExternalIdTaken) as refusal:
        log.append(connection, [second], NOBODY, external_ids=[taken])
    assert "A-1" not in str(refusal.value)
    assert log.load(connection, second.stream_id).version == 0
    assert log.find_external_id(connection, "shop", "A-1") == named
    assert log.find_external_id(connection, "shop", "A-2") is None


def test_of_many_writers_of_one_version_exactly_one_wins(conninfo: str, connection: Connection) -> None:
    lead_id, customer_id = given(connection, captured())
    writers, outcomes = 8, list[str]()
    start = Barrier(writers)

    def write() -> None:
        with connect(conninfo) as own:
            start.wait()
            try:
                given(own, LeadQualified(), lead_id=lead_id, customer_id=customer_id, version=1)
                outcomes.append("won")
            except log.VersionConflict:
                outcomes.append("lost")

    threads = [Thread(target=write) for _ in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["lost"] * (writers - 1) + ["won"]
    assert log.load(connection, lead_id).version == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE log.event SET data = '{}'",
        "DELETE FROM log.event",
        "TRUNCATE log.event",
        "UPDATE log.personal_data SET data = '{}'",
        "TRUNCATE log.personal_data",
        "UPDATE log.command SET body_hash = ''",
        "DELETE FROM log.command",
        "TRUNCATE log.command",
    ],
)
def test_the_log_refuses_every_change(connection: Connection, statement: str) -> None:
    given(connection, captured())
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
        connection.execute(statement.encode())


def test_the_digest_covers_every_column_and_no_session_setting(connection: Connection) -> None:
    given(connection, captured(), LeadLost(reason="price"))
    intact = "SELECT bool_and(digest = log.digest(e)) AS intact FROM log.event AS e"

    def row(statement: str) -> bool:
        found = connection.execute(statement.encode()).fetchone()
        assert found is not None
        return bool(found["intact"])

    assert row(intact)
    connection.execute("SET TimeZone = 'Pacific/Chatham'")
    connection.execute("SET DateStyle = 'German'")
    connection.execute("SET extra_float_digits = 0")
    assert row(intact)
    connection.execute("ALTER TABLE log.event DISABLE TRIGGER ALL")
    columns = connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = 'log.event'::regclass AND attnum > 0 AND attname <> 'digest'"
    ).fetchall()
    other = {
        "bigint": "position + 1000",
        "uuid": "gen_random_uuid()",
        "text": "'other'",
        "integer": "version + 1000",
        "smallint": "2",
        "jsonb": "'{\"other\": 1}'",
        "bytea": "'\\x00'",
        "timestamp with time zone": "now() + interval '1 day'",
    }
    assert len(columns) == 18
    for column in columns:
        name = column["attname"]
        with connection.transaction(force_rollback=True):
            kind = connection.execute(
                "SELECT pg_typeof(e.*)::text, (SELECT format_type(atttypid, NULL) FROM pg_attribute"
                " WHERE attrelid = 'log.event'::regclass AND attname = %s) AS kind FROM log.event e LIMIT 1",
                [name],
            ).fetchone()
            assert kind is not None
            connection.execute(f"UPDATE log.event SET {name} = {other[kind['kind']]} WHERE version = 1".encode())
            assert not row(intact), f"a changed {name} goes unnoticed"


def test_the_personal_part_is_covered_by_its_salted_digest(connection: Connection) -> None:
    given(connection, captured("Canary"))
    intact = (
        b"SELECT bool_and(e.personal_digest = log.personal_digest(p.data, p.salt)) AS intact"
        b" FROM log.event e JOIN log.personal_data p USING (customer_id, position)"
    )
    found = connection.execute(intact).fetchone()
    assert found is not None
    assert found["intact"]
    connection.execute("ALTER TABLE log.personal_data DISABLE TRIGGER ALL")
    connection.execute("UPDATE log.personal_data SET data = jsonb_set(data, '{title}', '\"Other\"')")
    found = connection.execute(intact).fetchone()
    assert found is not None
    assert not found["intact"]


def test_a_customers_whole_history_is_read_in_the_order_of_the_log(connection: Connection) -> None:
    _, customer_id = given(connection, captured())
    given(connection, captured(), customer_id=customer_id)
    given(connection, captured())
    history = log.load_customer(connection, CustomerId(customer_id), horizon=10_000)
    assert len(history) == 2
    assert {recorded.customer_id for recorded in history} == {customer_id}
    assert log.has_customer(connection, CustomerId(customer_id))
    assert not log.has_customer(connection, CustomerId(uuid4()))
    assert log.has_customer(connection, WORKSPACE_ID)
