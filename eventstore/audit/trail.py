"""A customer's trail: every event of hers as of a cut through the log, in its order, with the fields that it touched.

It is read in chunks behind a fixed position, on a connection that is given back between them: a slow reader holds up
nobody, memory stays small, and what is erased meanwhile is not shown any more.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple, TypeAlias, TypeVar
from uuid import UUID

from psycopg.rows import args_row

from domain.changes import Change, FieldHistory
from domain.event import Event
from domain.undo import EventsUndone
from eventstore import codec
from eventstore.database import Connection, query

_CHUNK = 1_000

T = TypeVar("T")

Connected: TypeAlias = Callable[[], AbstractContextManager[Connection]]
"""Lends a connection for a while."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Which events count: those up to a position, and of these, with a moment, what had happened by then."""

    horizon: int
    happened_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class Whose:
    """Everyone in one history, and the records filed under the wrong customer: theirs, and those of others."""

    members: Sequence[UUID]
    filed_under: Sequence[UUID] = ()
    theirs: Sequence[UUID] = ()
    of_others: Sequence[UUID] = ()

    @property
    def customers(self) -> list[UUID]:
        """In whose index ranges their events lie."""
        return list(dict.fromkeys([*self.members, *self.filed_under]))


class Undo(NamedTuple):
    """The event by which others were undone."""

    stream_id: UUID
    version: int
    position: int
    event_id: UUID
    versions: Sequence[int]


class Row(NamedTuple):
    """An event as the log holds it."""

    position: int
    event_id: UUID
    type: str
    stream_type: str
    stream_id: UUID
    version: int
    customer_id: UUID
    occurred_at: datetime
    recorded_at: datetime
    command_id: UUID | None
    correlation_id: UUID | None
    actor: Mapping[str, str]
    metadata: Mapping[str, Any]  # Any: JSON
    schema_version: int
    said: str
    is_forgotten: bool


class _Past(NamedTuple):
    """What of an event is needed to fold it."""

    version: int
    type: str
    schema_version: int
    said: str
    is_forgotten: bool


class Entry(NamedTuple):
    """An event of the trail: its row in the log, what it says, what it touched, and by what it was undone."""

    row: Row
    event: Event
    changes: Sequence[Change]
    undone_by: Undo | None


def whose(connection: Connection, customer_id: UUID, horizon: int) -> Whose:
    """In whose history a customer's events are read at a position."""
    parameters = {"customer_id": customer_id, "horizon": horizon}
    row = connection.execute(query("eventstore.audit", "whose"), parameters).fetchone()
    assert row is not None
    return Whose(**row)


def about_person(connection: Connection, people: Whose, person_id: UUID, horizon: int) -> frozenset[int]:
    """The positions at which those people's events are about one of their contact persons."""
    parameters = {"customers": people.customers, "person_id": person_id, "horizon": horizon}
    rows = connection.execute(query("eventstore.audit", "about_person"), parameters)
    return frozenset(row["position"] for row in rows)


@dataclass(slots=True)
class _Record:
    """A record under way: at which version it stands, what does not count of it, and what its fields hold."""

    stream_id: UUID
    gone: frozenset[int]
    version: int = 0
    fields: FieldHistory = field(init=False)


class Trail:
    """The trail of those people within a cut, in order, from behind a position on.

    With `first` so many rows are read at first, and none ahead: for who wants no more than a page.
    """

    def __init__(self, connected: Connected, people: Whose, cut: Cut, after: int = 0, first: int | None = None) -> None:
        self._connected, self._people, self._cut, self._after = connected, people, cut, after
        self._first = first
        self._records: dict[UUID, _Record] = {}
        self._undos: dict[UUID, list[Undo]] = {}
        self._undone_by: dict[tuple[UUID, int], Undo] = {}

    def __iter__(self) -> Iterator[Entry]:
        self._find_undos()
        for rows in self._chunks() if self._first else self._chunks_ahead():
            for row in rows:
                yield self._entry(row)

    def _chunks(self) -> Iterator[list[Row]]:
        after, limit = self._after, self._first or _CHUNK
        while rows := self._rows(after, limit):
            yield rows
            after, limit = rows[-1].position, _CHUNK

    def _chunks_ahead(self) -> Iterator[list[Row]]:
        """The same, while the database looks for the next ones already."""
        with ThreadPoolExecutor(1) as ahead:
            coming = ahead.submit(self._rows, self._after, _CHUNK)
            while rows := coming.result():
                coming = ahead.submit(self._rows, rows[-1].position, _CHUNK)
                yield rows

    def standing(self) -> dict[UUID, tuple[str, FieldHistory]]:
        """What all of it comes to: each record by its id, with its noun."""
        self._find_undos()
        found: dict[UUID, tuple[str, FieldHistory]] = {}
        for rows in self._chunks_ahead():
            for row in rows:
                if row.stream_id not in found:
                    found[row.stream_id] = row.stream_type, FieldHistory(row.stream_type, remembers=None)
                if (row.stream_id, row.version) not in self._undone_by:
                    found[row.stream_id][1].pass_over(_event(row))
        return found

    def _entry(self, row: Row) -> Entry:
        event, stream_id, version = _event(row), row.stream_id, row.version
        record = self._records.get(stream_id) or self._begun(row)
        record.version = version
        changes = self._taken_back(row, record) if type(event) is EventsUndone else record.fields.happened(event)
        undone_by = self._undone_by.get((stream_id, version)) if self._undone_by else None
        return Entry(row, event, changes, undone_by)

    def _begun(self, row: Row) -> _Record:
        """What its fields held before; from the beginning of the trail that is nothing."""
        record = self._records[row.stream_id] = self._new(row, row.version)
        if self._after:
            self._fold(record, row.version)
        return record

    def _taken_back(self, row: Row, record: _Record) -> list[Change]:
        """What an undo did: the record without what it took back, beside the record with it."""
        version = row.version
        without = self._records[record.stream_id] = self._new(row, version + 1)
        taken_back = self._fold(without, version, except_for=record.gone)
        return record.fields.changes_to(without.fields, taken_back)

    def _new(self, row: Row, before: int) -> _Record:
        """The record before anything happened to it, without what had been undone before a version."""
        undos = [undo for undo in self._undos.get(row.stream_id, ()) if undo.version < before]
        record = _Record(row.stream_id, frozenset(v for undo in undos for v in undo.versions if v < undo.version))
        record.fields = FieldHistory(row.stream_type, partial(self._about, record))
        return record

    def _fold(self, record: _Record, before: int, except_for: frozenset[int] = frozenset()) -> list[Event]:
        """Bring the record to where it stood before a version; returns what does not count now, and did before."""
        gone = []
        for version, event in self._past(record.stream_id, before):
            if version not in record.gone:
                record.version = version
                record.fields.pass_over(event)
            elif version not in except_for:
                gone.append(event)
        record.version = before
        return gone

    def _about(self, record: _Record, part_id: UUID) -> Iterator[Event]:
        past = self._past(record.stream_id, record.version, part_id)
        return (event for version, event in past if version not in record.gone)

    def _rows(self, after: int, limit: int) -> list[Row]:
        people = self._people
        parameters = self._within | {"after": after, "members": people.members, "customers": people.customers}
        parameters |= {"theirs": people.theirs, "of_others": people.of_others, "limit": limit}
        return self._read(Row, "events", parameters)

    def _past(self, stream_id: UUID, before: int, part_id: UUID | None = None) -> Iterator[tuple[int, Event]]:
        """What happened in a stream before a version, in chunks."""
        parameters = self._within | {"stream_id": stream_id, "before": before, "part_id": part_id, "after": 0}
        while rows := self._read(_Past, "earlier", parameters):
            parameters["after"] = rows[-1].version
            yield from ((row.version, _event(row)) for row in rows)
            if len(rows) < _CHUNK:
                return

    def _find_undos(self) -> None:
        for undo in self._read(Undo, "undos", self._within | {"customers": self._people.customers}):
            self._undos.setdefault(undo.stream_id, []).append(undo)
            for version in undo.versions:
                if version < undo.version:
                    self._undone_by.setdefault((undo.stream_id, version), undo)

    @property
    def _within(self) -> dict[str, Any]:  # Any: parameters of a statement
        return {"horizon": self._cut.horizon, "happened_by": self._cut.happened_by, "limit": _CHUNK}

    def _read(self, kind: Callable[..., T], name: str, parameters: dict[str, Any]) -> list[T]:  # Any: the same
        with self._connected() as connection, connection.cursor(binary=True, row_factory=args_row(kind)) as cursor:
            # a plan for any customer would not know how few events one has
            return cursor.execute(query("eventstore.audit", name).encode(), parameters, prepare=False).fetchall()


def _event(row: Row | _Past) -> Event:
    codec.must_be_known(row.type, row.schema_version)
    return codec.join_text(row.type, row.said, is_forgotten=row.is_forgotten)
