"""A bulk append says the same as a plain one, for many events at once."""

import random
from collections.abc import Callable
from threading import Thread
from uuid import UUID, uuid4

import psycopg
import pytest

from domain.event import CustomerId
from domain.lead import LeadLost, LeadQualified
from eventstore import fence, log
from eventstore.bulk import LARGEST, append_bulk
from eventstore.database import Connection, connect
from tests.facts import NOBODY, captured, given


def story(lead_id: UUID | None = None, customer_id: UUID | None = None, after: int = 0) -> list[log.NewEvent]:
    """Three events of one lead."""
    lead_id, customer_id = lead_id or uuid4(), CustomerId(customer_id or uuid4())
    events = [captured(), LeadQualified(), LeadLost(reason="price")]
    return [
        log.NewEvent(customer_id, "lead", lead_id, after + number, event, flags=("odd",))
        for number, event in enumerate(events, start=1)
    ]


def count(connection: Connection, table: str) -> int:
    row = connection.execute(f"SELECT count(*) AS n FROM {table}".encode()).fetchone()
    assert row is not None
    return int(row["n"])


def test_a_bulk_append_leaves_what_a_plain_one_leaves(connection: Connection) -> None:
    one, other = story(), story()
    log.append(connection, one, NOBODY)
    last = append_bulk(connection, other, NOBODY)
    plain, bulk = (log.load(connection, events[0].stream_id).history for events in (one, other))
    assert [r.version for r in bulk] == [1, 2, 3]
    assert [r.position for r in bulk] == [last - 2, last - 1, last]
    for a, b in zip(plain, bulk, strict=True):
        assert (a.event, a.type, a.actor, a.metadata, a.stream_type) == (b.event, b.type, b.actor, b.metadata, "lead")
    assert len({r.recorded_at for r in bulk} | {r.occurred_at for r in bulk}) == 1
    row = connection.execute(
        "SELECT bool_and(e.digest = log.digest(e)) AS intact,"
        " bool_and(p.salt IS NULL OR e.personal_digest = log.personal_digest(p.data, p.salt)) AS covered,"
        " count(p.salt) AS beside FROM log.event e LEFT JOIN log.personal_data p USING (customer_id, position)"
        " WHERE e.customer_id = ANY(%s)",
        [[one[0].customer_id, other[0].customer_id]],
    ).fetchone()
    assert row == {"intact": True, "covered": True, "beside": 4}


def test_many_interleaved_streams_keep_their_order(connection: Connection) -> None:
    stories = [story() for _ in range(200)]
    chance = random.Random(7)
    events: list[log.NewEvent] = []
    while left := [events_of for events_of in stories if events_of]:
        events.append(chance.choice(left).pop(0))
    last = append_bulk(connection, events, NOBODY)
    found = log.read(connection, after=last - len(events), horizon=last, limit=10_000)
    assert [(r.stream_id, r.version) for r in found] == [(e.stream_id, e.version) for e in events]


@pytest.mark.parametrize("after", [0, 1, 3])
def test_another_version_than_the_next_is_refused_with_all_the_rest(connection: Connection, after: int) -> None:
    lead_id, customer_id = given(connection, captured(), LeadQualified())
    before = fence.drawn(connection)
    with pytest.raises(log.VersionConflict):
        append_bulk(connection, [*story(), *story(lead_id, customer_id, after)], NOBODY)
    assert fence.drawn(connection) == before
    assert count(connection, "log.event WHERE type LIKE 'lead.%'") == 2
    append_bulk(connection, story(lead_id, customer_id, 2), NOBODY)
    assert log.load(connection, lead_id).version == 5


def test_a_gap_within_a_bulk_append_is_refused(connection: Connection) -> None:
    first, _, third = story()
    with pytest.raises(log.VersionConflict):
        append_bulk(connection, [first, third], NOBODY)


def test_a_stream_keeps_its_customer(connection: Connection) -> None:
    lead_id, _ = given(connection, captured())
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="another customer"):
        append_bulk(connection, story(lead_id, uuid4(), 1), NOBODY)
    first, *rest = story()
    strange = [log.NewEvent(CustomerId(uuid4()), "lead", e.stream_id, e.version, e.event) for e in rest]
    with pytest.raises(log.VersionConflict):
        append_bulk(connection, [first, *strange], NOBODY)


def test_whatever_is_written_comes_back_as_it_was(connection: Connection) -> None:
    reasons = ["\\", "\\N", "a\tb\nc\rd", 'say "so"', "\\u0041 \N{SNOWMAN}", "\\."]
    lead_id, customer_id = uuid4(), CustomerId(uuid4())
    events = [captured(), *(LeadLost(reason=reason) for reason in reasons)]
    new = [log.NewEvent(customer_id, "lead", lead_id, n, event) for n, event in enumerate(events, start=1)]
    append_bulk(connection, new, NOBODY)
    assert [recorded.event for recorded in log.load(connection, lead_id).history] == events


def test_external_ids_are_claimed_with_it(connection: Connection) -> None:
    one, other = story(), story()
    name = log.ExternalId("crm", "7", one[0].customer_id, one[0].stream_id)
    append_bulk(connection, one, NOBODY, [name])
    assert log.find_external_id(connection, "crm", "7") == name
    with pytest.raises(log.ExternalIdTaken):
        append_bulk(connection, other, NOBODY, [log.ExternalId("crm", "7", other[0].customer_id, other[0].stream_id)])
    assert log.load(connection, other[0].stream_id).version == 0


@pytest.mark.parametrize(
    "append", [lambda c, e: log.append(c, e, NOBODY), lambda c, e: append_bulk(c, e, NOBODY)], ids=["plain", "bulk"]
)
def test_nothing_is_recorded_about_the_forgotten(
    connection: Connection, append: Callable[[Connection, list[log.NewEvent]], object]
) -> None:
    lead_id, customer_id = given(connection, captured())
    person = uuid4()
    connection.execute("INSERT INTO log.forgotten VALUES (%s, %s, 1)", [customer_id, person])
    about = log.NewEvent(CustomerId(customer_id), "lead", lead_id, 2, LeadLost(reason="price"), subject_id=person)
    with pytest.raises(log.SubjectForgotten):
        append(connection, [about])
    append(connection, [log.NewEvent(CustomerId(customer_id), "lead", lead_id, 2, LeadLost(reason="price"))])
    connection.execute("INSERT INTO log.forgotten VALUES (%s, %s, 1)", [customer_id, customer_id])
    with pytest.raises(log.SubjectForgotten):
        append(connection, [log.NewEvent(CustomerId(customer_id), "lead", lead_id, 3, LeadQualified())])
    with pytest.raises(log.SubjectForgotten):
        append(connection, story(customer_id=customer_id))
    append(connection, story())
    assert log.load(connection, lead_id).version == 2


def test_nothing_and_too_much(connection: Connection) -> None:
    assert append_bulk(connection, [], NOBODY) == 0
    with pytest.raises(AssertionError, match="at most"):
        append_bulk(connection, story() * LARGEST, NOBODY)


def test_two_bulk_appends_to_one_stream_have_one_winner(conninfo: str, connection: Connection) -> None:
    lead_id, customer_id = given(connection, captured())
    outcome: list[str] = []

    def write() -> None:
        with connect(conninfo) as own:
            try:
                append_bulk(own, story(lead_id, customer_id, 1), NOBODY)
                outcome.append("won")
            except log.VersionConflict:
                outcome.append("lost")

    threads = [Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcome) == ["lost"] * 7 + ["won"]
    assert log.load(connection, lead_id).version == 4
