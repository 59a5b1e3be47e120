"""Records what the `eventsourcing` library appends, reads and follows, in the log and its snapshots."""

import json
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from threading import Event as Signal
from typing import Any, NotRequired, TypedDict, cast
from uuid import UUID

import psycopg
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    DatabaseError,
    DataError,
    IntegrityError,
    Notification,
    NotSupportedError,
    OperationalError,
    StoredEvent,
    Subscription,
)
from psycopg.rows import tuple_row
from psycopg.types.numeric import Int4, Int8
from uuid_utils.compat import uuid7

from domain.catalogue import EVENT_TYPES
from domain.event import personal_fields
from eventstore import codec, log
from eventstore.database import UNAVAILABLE, Connection, Pool, query
from eventstore.fence import horizon
from eventstore.records import AppendRefused

_NOBODY = log.Envelope("system", UUID(int=0), "library")
_LATEST = 2**31 - 1
_PAGE = 500
_FIRST_PAUSE, _LONGEST_PAUSE = 0.005, 0.1


class SaveKeywords(TypedDict):
    """What `Application.save()` takes beside the events; it holds for all events of that call.

    Without `customer_id` each aggregate is a history of its own. Domain events bring their own `stream_type`.
    """

    customer_id: NotRequired[UUID]
    stream_type: NotRequired[str]
    envelope: NotRequired[log.Envelope]
    claim: NotRequired[log.Claim]
    external_ids: NotRequired[Sequence[log.ExternalId]]
    flags: NotRequired[Sequence[str]]
    subject_id: NotRequired[UUID]
    part_id: NotRequired[UUID]
    occurred_at: NotRequired[datetime]
    tracking: NotRequired[None]


class LogAggregates(AggregateRecorder):
    """Appends to and reads from single streams."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """`kwargs` are SaveKeywords; Any, because the library's signature is open. Raises IntegrityError."""
        self._append(stored_events, kwargs)
        return None

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        stream_id = _uuid(originator_id)
        rows = self._read(_in_order("events", desc), _range(stream_id, gt, lte, limit))
        return [
            StoredEvent(stream_id, version, type_, _state(type_, schema_version, state, is_forgotten))
            for version, type_, schema_version, state, is_forgotten in rows
        ]

    def _append(self, stored_events: Sequence[StoredEvent], kwargs: dict[str, Any]) -> Sequence[int] | None:
        if unknown := kwargs.keys() - SaveKeywords.__annotations__.keys():
            raise TypeError(f"save() takes no {min(unknown)!r}; it takes {', '.join(SaveKeywords.__annotations__)}")
        keywords = cast(SaveKeywords, kwargs)
        if keywords.get("tracking") is not None:
            raise NotSupportedError("Read models are folds over the log (see projections), not tracked event by event.")
        if not stored_events:
            return None
        rows = _rows(stored_events, keywords)
        with self._connection() as connection:
            return log.append_rows(connection, rows, keywords.get("claim"), keywords.get("external_ids", ()))

    def _read(self, statement: str, parameters: dict[str, object]) -> list[tuple[Any, ...]]:
        # tuples, and states as text: half the time of a load would go into building objects that the mapper takes apart
        with self._connection() as connection, connection.cursor(row_factory=tuple_row) as cursor:
            return cursor.execute(statement.encode(), parameters, prepare=True).fetchall()

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        """A connection whose errors are the library's. What the driver says may quote values: it is not passed on."""
        try:
            with self._pool.connection() as connection:
                yield connection
        except AppendRefused as refusal:
            raise IntegrityError(str(refusal)) from refusal
        except psycopg.IntegrityError as error:
            raise IntegrityError(f"The database refused the events: {error.diag.constraint_name}.") from None
        except UNAVAILABLE as error:
            raise OperationalError(f"The database does not answer ({type(error).__name__}). Try again.") from None
        except psycopg.DataError:
            raise DataError("An event holds what JSON in Postgres cannot: NaN, infinity, NUL or half a pair.") from None
        except psycopg.Error as error:
            raise DatabaseError(f"The database failed: {type(error).__name__}.") from None


class LogRecorder(LogAggregates, ApplicationRecorder):
    """Also reads the whole log. Notifications stop at the fence, so none is ever skipped."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """The same; returns the positions, in the order of the events."""
        return self._append(stored_events, kwargs)

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        with self._connection() as connection:
            head = horizon(connection)
        parameters: dict[str, object] = {
            "after": Int8((start or 0) - (1 if inclusive_of_start else 0)),
            "horizon": Int8(head if stop is None else min(head, stop)),
            "limit": Int8(limit),
            "types": list(topics) or None,
        }
        return [
            Notification(stream_id, version, type_, _state(type_, schema_version, state, is_forgotten), id=position)
            for position, stream_id, version, type_, schema_version, state, is_forgotten in self._read(
                query("eventstore.library", "notifications"), parameters
            )
        ]

    def max_notification_id(self) -> int | None:
        with self._connection() as connection:
            return horizon(connection) or None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[ApplicationRecorder]:
        return LogSubscription(self, gt, topics)


class LogSnapshots(LogAggregates):
    """Keeps snapshots beside the log, where forgetting finds them."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """One that must not be kept, because somebody was forgotten, is left out: it only saved time."""
        with self._connection() as connection, connection.transaction():
            for stored in stored_events:
                parameters = [stored.originator_id, Int4(stored.originator_version), stored.topic, _text(stored)]
                connection.execute("SELECT log.add_snapshot(%s, %s, %s, %s::jsonb)", parameters)
        return None

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        stream_id = _uuid(originator_id)
        rows = self._read(_in_order("snapshots", desc), _range(stream_id, gt, lte, limit))
        return [StoredEvent(stream_id, version, type_, state.encode()) for version, type_, state in rows]


class LogSubscription(Subscription[ApplicationRecorder]):
    """Asks for what is new, again and again: an event that becomes readable late strands nobody."""

    def __init__(self, recorder: LogRecorder, gt: int | None, topics: Sequence[str]) -> None:
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        self._read_up_to = gt or 0
        self._waiting: deque[Notification] = deque()
        self._stopped = Signal()

    def stop(self) -> None:
        super().stop()
        self._stopped.set()

    def __next__(self) -> Notification:
        pause = _FIRST_PAUSE
        while not self._waiting and not self._stopped.is_set():
            head = self._recorder.max_notification_id() or 0
            if head > self._read_up_to:
                found = self._recorder.select_notifications(
                    self._read_up_to, _PAGE, head, self._topics, inclusive_of_start=False
                )
                self._waiting.extend(found)
                # what was not asked for is passed over once, not at every turn
                self._read_up_to = found[-1].id if len(found) == _PAGE else head
            else:
                self._stopped.wait(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
        if self._stopped.is_set():
            raise StopIteration
        notification = self._waiting.popleft()
        self._last_notification_id = notification.id
        return notification


@cache
def _in_order(name: str, desc: bool) -> str:
    return query("eventstore.library", name).format(direction="DESC" if desc else "ASC")


def _range(stream_id: UUID, gt: int | None, lte: int | None, limit: int | None) -> dict[str, object]:
    # of one width whatever their size, so that one prepared statement serves them all
    return {
        "stream_id": stream_id,
        "gt": Int4(0 if gt is None else gt),
        "lte": Int4(_LATEST if lte is None else lte),
        "limit": None if limit is None else Int8(limit),
    }


def _uuid(originator_id: UUID | str) -> UUID:
    return originator_id if isinstance(originator_id, UUID) else UUID(originator_id)


def _text(stored: StoredEvent) -> str:
    try:
        return stored.state.decode()
    except UnicodeDecodeError:
        raise _NOT_JSON from None


def _rows(stored_events: Sequence[StoredEvent], keywords: SaveKeywords) -> list[log.Row]:
    rows: list[log.Row] = []
    before: StoredEvent | None = None
    for stored in stored_events:
        try:
            data = json.loads(stored.state)
        except ValueError:
            raise _NOT_JSON from None
        if stored.topic in EVENT_TYPES or before is None or before.originator_id != stored.originator_id:
            rows.append(_row(stored, data, keywords))
        else:  # an aggregate's later events are like its first but for this
            own = {"version": stored.originator_version, "event_id": str(uuid7()), "type": stored.topic, "data": data}
            rows.append({**rows[-1], **own})
        before = None if stored.topic in EVENT_TYPES else stored
    return rows


def _row(stored: StoredEvent, data: Any, keywords: SaveKeywords) -> log.Row:  # Any: JSON
    kind = EVENT_TYPES.get(stored.topic)
    stream_id = _uuid(stored.originator_id)
    part_id: UUID | str | None = keywords.get("part_id")
    return log.new_row(
        keywords.get("envelope", _NOBODY),
        customer_id=keywords.get("customer_id", stream_id),
        stream_type=stored.topic.partition(".")[0] if kind else keywords.get("stream_type", "aggregate"),
        stream_id=stream_id,
        version=stored.originator_version,
        type_=stored.topic,
        personal=({name: data.pop(name) for name in personal_fields(kind) if name in data} or None) if kind else None,
        data=data,
        part_id=data.get(kind.part_field) if kind and kind.part_field else part_id,
        occurred_at=keywords.get("occurred_at"),
        flags=keywords.get("flags", ()),
        subject_id=keywords.get("subject_id"),
    )


_NOT_JSON = DataError(
    "The state of the event is not JSON, and SQL could not read it. Use a transcoder that writes JSON, "
    "and leave CIPHER_TOPIC, CIPHER_KEY and COMPRESSOR_TOPIC unset."
)


def _state(type_: str, schema_version: int, text: str, is_forgotten: bool) -> bytes:
    codec.must_be_known(type_, schema_version)
    if not is_forgotten:
        return text.encode()
    return json.dumps(codec.state(type_, json.loads(text), None, had_personal=True)).encode()
