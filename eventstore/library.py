"""Where the `eventsourcing` library meets the log: its Application and Repository run on the functions of `log`.

Set `PERSISTENCE_MODULE=eventstore.library:LogFactory` and `EVERFOLD_CONNINFO`. `Application.save()` takes customer,
stream type, actor and moment as keywords (`SaveKeywords`). Domain events travel as `StreamEvent`; the library's own
aggregates work too: without keywords each is a stream in a history of its own.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from threading import Event as Signal
from typing import Any, NotRequired, TypedDict, cast
from uuid import UUID

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactory,
    IntegrityError,
    Mapper,
    Notification,
    NotSupportedError,
    ProcessRecorder,
    StoredEvent,
    Subscription,
    TrackingRecorder,
)

from domain.catalogue import EVENT_TYPES, stored_type_of
from domain.event import Event, personal_fields
from eventstore import codec, log
from eventstore.database import Pool, new_pool, query
from eventstore.fence import horizon

_SYSTEM = UUID(int=0)
_PAUSE = 0.05


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """A domain event at its place in a stream, as the library passes it around."""

    originator_id: UUID
    originator_version: int
    noun: str
    event: Event


class SaveKeywords(TypedDict):
    """What `Application.save()` takes beside the events."""

    customer_id: NotRequired[UUID]
    stream_type: NotRequired[str]
    envelope: NotRequired[log.Envelope]
    claim: NotRequired[log.Claim]
    occurred_at: NotRequired[datetime]


class LogMapper(Mapper[UUID]):
    """Stores domain events under their business names; leaves all others to the library."""

    def to_stored_event(self, domain_event: Any) -> StoredEvent:  # Any: the library's protocol is wider than ours
        if not isinstance(domain_event, StreamEvent):
            return super().to_stored_event(domain_event)
        return StoredEvent(
            originator_id=domain_event.originator_id,
            originator_version=domain_event.originator_version,
            topic=stored_type_of(domain_event.noun, domain_event.event),
            state=domain_event.event.model_dump_json(exclude_none=True).encode(),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        if stored_event.topic not in EVENT_TYPES:
            return super().to_domain_event(stored_event)
        assert isinstance(stored_event.originator_id, UUID)
        return StreamEvent(
            stored_event.originator_id,
            stored_event.originator_version,
            stored_event.topic.partition(".")[0],
            EVENT_TYPES[stored_event.topic].model_validate_json(stored_event.state),
        )


class LogRecorder(ApplicationRecorder):
    """Appends to and reads from the log. Notifications stop at the fence, so none is ever skipped."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """`kwargs` are SaveKeywords; Any, because the library's signature is open."""
        if not stored_events:
            return None
        rows = [_row(stored, cast(SaveKeywords, kwargs)) for stored in stored_events]
        try:
            with self._pool.connection() as connection:
                return log.append_rows(connection, rows, kwargs.get("claim"))
        except (log.VersionConflict, log.CommandAlreadyCarriedOut) as conflict:
            raise IntegrityError(str(conflict)) from conflict

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        rows = self._rows("library_events", {"stream_id": originator_id, "gt": gt, "lte": lte, "limit": limit}, desc)
        return [StoredEvent(row["stream_id"], row["version"], row["type"], _state(row)) for row in rows]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        after = (start or 0) - (1 if inclusive_of_start else 0)
        with self._pool.connection() as connection:
            head = horizon(connection)
            parameters = {
                "after": after,
                "horizon": head if stop is None else min(head, stop),
                "limit": limit,
                "types": list(topics) or None,
                "customer_id": None,
            }
            rows = connection.execute(query("eventstore", "read"), parameters).fetchall()
        return [
            Notification(row["stream_id"], row["version"], row["type"], _state(row), id=row["position"]) for row in rows
        ]

    def max_notification_id(self) -> int | None:
        with self._pool.connection() as connection:
            return horizon(connection) or None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[ApplicationRecorder]:
        return LogSubscription(self, gt, topics)

    def _rows(self, name: str, parameters: dict[str, object], desc: bool) -> list[log.Row]:
        with self._pool.connection() as connection:
            return connection.execute(query("eventstore", name), parameters | {"desc": desc}).fetchall()


class LogSubscription(Subscription[ApplicationRecorder]):
    """Asks for what is new, again and again: an event that becomes readable late strands nobody."""

    def __init__(self, recorder: LogRecorder, gt: int | None, topics: Sequence[str]) -> None:
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        self._waiting: list[Notification] = []
        self._stopped = Signal()

    def stop(self) -> None:
        super().stop()
        self._stopped.set()

    def __next__(self) -> Notification:
        while not self._waiting and not self._stopped.is_set():
            self._waiting = list(
                self._recorder.select_notifications(
                    self._last_notification_id or 0, 500, topics=self._topics, inclusive_of_start=False
                )
            )
            if not self._waiting:
                self._stopped.wait(_PAUSE)
        if self._stopped.is_set():
            raise StopIteration
        notification = self._waiting.pop(0)
        self._last_notification_id = notification.id
        return notification


class LogFactory(InfrastructureFactory[TrackingRecorder]):
    """Makes recorders over the log of `EVERFOLD_CONNINFO`."""

    CONNINFO = "EVERFOLD_CONNINFO"

    @cached_property
    def _pool(self) -> Pool:
        conninfo = self.env.get(self.CONNINFO)
        if not conninfo:
            raise NotSupportedError(f"Set {self.CONNINFO} to the database's connection string.")
        return new_pool(conninfo)

    def mapper(self, transcoder: Any = None, mapper_class: Any = None) -> Mapper[Any]:  # Any: as in the library
        return super().mapper(transcoder, mapper_class or LogMapper)

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        if purpose != "events":
            raise NotSupportedError("Snapshots are not kept in the log; leave snapshotting off.")
        return self.application_recorder()

    def application_recorder(self) -> ApplicationRecorder:
        return LogRecorder(self._pool)

    def tracking_recorder(self, tracking_recorder_class: Any = None) -> TrackingRecorder:
        raise NotSupportedError("Read models are folds over the log (see projections), not tracked event by event.")

    def process_recorder(self) -> ProcessRecorder:
        raise NotSupportedError("Read models are folds over the log (see projections), not tracked event by event.")

    def close(self) -> None:
        if "_pool" in self.__dict__:
            self._pool.close()


def _row(stored: StoredEvent, keywords: SaveKeywords) -> log.Row:
    assert isinstance(stored.originator_id, UUID)
    data = json.loads(stored.state)
    kind = EVENT_TYPES.get(stored.topic)
    noun = stored.topic.partition(".")[0] if kind else "aggregate"
    return log.new_row(
        keywords.get("envelope") or log.Envelope("system", _SYSTEM, "library"),
        # the library's own aggregates are a history each
        customer_id=keywords.get("customer_id", stored.originator_id),
        stream_type=keywords.get("stream_type", noun),
        stream_id=stored.originator_id,
        version=stored.originator_version,
        type_=stored.topic,
        personal=({name: data.pop(name) for name in personal_fields(kind) if name in data} or None) if kind else None,
        data=data,
        part_id=data.get(kind.part_field) if kind and kind.part_field else None,
        occurred_at=keywords.get("occurred_at"),
    )


def _state(row: log.Row) -> bytes:
    state = codec.state(row["type"], row["data"], row["personal"], had_personal=row["had_personal"])
    return json.dumps(state).encode()
