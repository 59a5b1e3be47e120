"""The store against a model of itself: whatever is appended, refused, retried, cut off, erased, upcast or snapshot."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import psycopg
import pytest
from eventsourcing.persistence import StoredEvent
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from domain.customer import CustomerForgotten
from domain.event import FORGOTTEN, CustomerId, Event, personal_fields
from domain.lead import LeadContacted, LeadLost, LeadQualified
from eventstore import fence, log
from eventstore.bulk import append_bulk
from eventstore.database import Connection, connect, new_pool
from eventstore.erasure.forgetting import forget
from eventstore.library.recorder import LogSnapshots
from tests.facts import NOBODY, captured

titles = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=5)
events = st.one_of(
    titles.map(captured),
    st.just(LeadQualified()),
    st.just(LeadContacted()),
    st.sampled_from(["price", "time", None]).map(lambda reason: LeadLost(reason=reason)),
)
several = st.lists(events, min_size=1, max_size=4)


OLDER_SCHEMA = b"""
CREATE OR REPLACE FUNCTION log.upcast_personal(type text, schema_version smallint, personal jsonb)
RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN type = 'lead.lost' AND schema_version = 0 THEN ('{"reason": ' || (personal->'because')::text || '}')::jsonb
        ELSE personal
    END
$$
"""


@dataclass
class Stream:
    """What the model knows of a stream: its events in order, as they are to be read."""

    customer_id: CustomerId
    stream_id: UUID = field(default_factory=uuid4)
    events: list[Event] = field(default_factory=list)
    is_forgotten: bool = False

    def new(self, new: list[Event], version: int | None = -1) -> list[log.NewEvent]:
        first = len(self.events) if version == -1 else version
        return [
            log.NewEvent(self.customer_id, "lead", self.stream_id, None if first is None else first + n, event)
            for n, event in enumerate(new, start=1)
        ]

    def forgets(self) -> None:
        self.is_forgotten = True
        self.events = [_without_personal(event) for event in self.events]


class Store(RuleBasedStateMachine):
    """Each rule does the same to the log and to the model."""

    conninfo: str
    streams = Bundle("streams")
    commands = Bundle("commands")

    def __init__(self) -> None:
        super().__init__()
        self._opened = connect(self.conninfo)
        self.connection: Connection = self._opened.__enter__()
        self.start = fence.drawn(self.connection)
        self.order: list[tuple[UUID, int]] = []
        self.known: dict[UUID, Stream] = {}

    def teardown(self) -> None:
        self._opened.__exit__(None, None, None)

    def _appended(self, stream: Stream, new: list[Event]) -> None:
        for event in new:
            stream.events.append(event)
            self.order.append((stream.stream_id, len(stream.events)))

    @rule(target=streams)
    def a_new_customer(self) -> Stream:
        stream = Stream(CustomerId(uuid4()))
        self.known[stream.stream_id] = stream
        return stream

    @rule(target=streams, sibling=streams)
    def another_stream_of_hers(self, sibling: Stream) -> Stream:
        stream = Stream(sibling.customer_id, is_forgotten=sibling.is_forgotten)
        self.known[stream.stream_id] = stream
        return stream

    @rule(target=commands, stream=streams, new=several, any_version=st.booleans())
    def append(self, stream: Stream, new: list[Event], any_version: bool) -> tuple[list[log.NewEvent], log.Claim]:
        claim = log.Claim(stream.customer_id, uuid4(), b"body")
        rows = stream.new(new, None if any_version else -1)
        if stream.is_forgotten:
            with pytest.raises(log.SubjectForgotten):
                log.append(self.connection, rows, NOBODY, claim)
        else:
            positions = log.append(self.connection, rows, NOBODY, claim)
            assert positions == sorted(positions)
            self._appended(stream, new)
        return rows, claim

    @rule(one=streams, other=streams, first=several, second=several)
    def append_in_bulk(self, one: Stream, other: Stream, first: list[Event], second: list[Event]) -> None:
        rows = one.new(first) + ([] if one is other else other.new(second))
        if one.is_forgotten or (other.is_forgotten and one is not other):
            with pytest.raises(log.SubjectForgotten):
                append_bulk(self.connection, rows, NOBODY)
            return
        append_bulk(self.connection, rows, NOBODY)
        self._appended(one, first)
        if one is not other:
            self._appended(other, second)

    @rule(stream=streams, new=several, off=st.sampled_from([-2, -1, 1, 2]), bulk=st.booleans())
    def append_to_another_version(self, stream: Stream, new: list[Event], off: int, bulk: bool) -> None:
        rows = stream.new(new, max(0, len(stream.events) + off))
        if len(stream.events) + off < 0 and not stream.events:
            return
        with pytest.raises(log.SubjectForgotten if stream.is_forgotten else log.VersionConflict):
            if bulk:
                append_bulk(self.connection, rows, NOBODY)
            else:
                log.append(self.connection, rows, NOBODY)

    @rule(command=commands)
    def retry(self, command: tuple[list[log.NewEvent], log.Claim]) -> None:
        rows, claim = command
        refused = (log.VersionConflict, log.CommandAlreadyCarriedOut, log.SubjectForgotten)
        with pytest.raises(refused):
            log.append(self.connection, rows, NOBODY, claim)

    @rule(stream=streams, new=several, bulk=st.booleans())
    def crash(self, stream: Stream, new: list[Event], bulk: bool) -> None:
        if stream.is_forgotten:
            return
        with suppress(psycopg.OperationalError), connect(self.conninfo) as own:
            own.execute("BEGIN")
            rows = stream.new(new)
            _ = append_bulk(own, rows, NOBODY) if bulk else log.append(own, rows, NOBODY)
            self.connection.execute("SELECT pg_terminate_backend(%s, 10000)", [own.info.backend_pid])

    @rule(stream=streams)
    def erase(self, stream: Stream) -> None:
        hers = [known for known in self.known.values() if known.customer_id == stream.customer_id]
        if not any(known.events for known in hers):
            return
        forget(self.connection, stream.customer_id, CustomerForgotten(legal_basis="request"), NOBODY)
        for known in hers:
            known.forgets()

    @rule(stream=streams, reason=st.sampled_from(["price", "time"]))
    def an_event_in_an_older_schema(self, stream: Stream, reason: str) -> None:
        if stream.is_forgotten:
            return
        (new,) = stream.new([LeadLost(reason=reason)])
        row = log.row_of(new, NOBODY) | {"schema_version": 0, "personal": {"because": reason}}
        log.append_rows(self.connection, [row], None)
        self._appended(stream, [LeadLost(reason=reason)])

    @rule(stream=streams)
    def snapshot(self, stream: Stream) -> None:
        version = len(stream.events)
        with _snapshots(self.conninfo) as snapshots:
            if not version or list(snapshots.select_events(stream.stream_id, gt=version - 1)):
                return
            state = json.dumps({"version": version}).encode()
            snapshots.insert_events([StoredEvent(stream.stream_id, version, "snapshot", state)])
            kept = list(snapshots.select_events(stream.stream_id, desc=True, limit=1))
            assert [s.originator_version for s in kept] == ([] if stream.is_forgotten else [version])

    @invariant()
    def every_stream_reads_as_the_model_says(self) -> None:
        loaded = log.load_many(self.connection, list(self.known))
        for stream_id, stream in self.known.items():
            history = loaded.get(stream_id, [])
            assert [recorded.event for recorded in history] == stream.events
            assert [recorded.version for recorded in history] == list(range(1, len(stream.events) + 1))

    @invariant()
    def the_feed_is_complete_and_in_order(self) -> None:
        head = fence.horizon(self.connection)
        feed = log.read(self.connection, after=self.start, horizon=head, limit=100_000)
        assert [(r.stream_id, r.version) for r in feed if r.stream_id in self.known] == self.order

    @invariant()
    def every_digest_is_right(self) -> None:
        row = self.connection.execute(
            "SELECT count(*) AS wrong FROM log.event e LEFT JOIN log.personal_data p USING (customer_id, position)"
            " WHERE e.position > %s AND (e.digest <> log.digest(e)"
            " OR e.personal_digest <> log.personal_digest(p.data, p.salt))",
            [self.start],
        ).fetchone()
        assert row == {"wrong": 0}

    @invariant()
    def of_the_forgotten_nothing_is_kept(self) -> None:
        forgotten = [stream.stream_id for stream in self.known.values() if stream.is_forgotten]
        rows = self.connection.execute(
            "SELECT FROM log.event e JOIN log.personal_data p USING (customer_id, position) WHERE e.stream_id = ANY(%s)"
            " UNION ALL SELECT FROM log.snapshot s WHERE s.stream_id = ANY(%s)",
            [forgotten, forgotten],
        ).fetchall()
        assert rows == []


def _without_personal(event: Event) -> Event:
    """Where anything personal was given, all that is personal is gone: nobody sees what was there and what was not."""
    fields = personal_fields(type(event))
    given = any(getattr(event, name) not in (None, {}) for name in fields)
    return event.model_copy(update=dict.fromkeys(fields, FORGOTTEN) if given else {})


@contextmanager
def _snapshots(conninfo: str) -> Iterator[LogSnapshots]:
    with new_pool(conninfo, size=1) as pool:
        yield LogSnapshots(pool)


@pytest.mark.parametrize("examples", [8, pytest.param(300, marks=pytest.mark.full)])
def test_the_store_does_what_the_model_does(conninfo: str, connection: Connection, examples: int) -> None:
    connection.execute(OLDER_SCHEMA)
    machine = type("Store", (Store,), {"conninfo": conninfo})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
