"""Where the `eventsourcing` library meets the log: its Application and Repository run on the functions of `log`.

Set `PERSISTENCE_MODULE=eventstore.library:LogFactory` and `EVERFOLD_CONNINFO`. `Application.save()` takes customer,
stream type, actor, command and moment as keywords (`SaveKeywords`). Domain events travel as `StreamEvent`; aggregates
of the library's own kind work too, with their snapshots. For its cache of aggregates see `cache`.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactory,
    Mapper,
    NotSupportedError,
    ProcessRecorder,
    StoredEvent,
    TrackingRecorder,
)
from eventsourcing.utils import Environment, EnvType

from domain.catalogue import EVENT_TYPES, stored_type_of
from domain.event import Event
from eventstore.database import Pool, new_pool
from eventstore.library.recorder import LogAggregates, LogRecorder, LogSnapshots
from eventstore.library.recorder import SaveKeywords as SaveKeywords

_UNTRACKED = "Read models are folds over the log (see projections), not tracked event by event."


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """A domain event at its place in a stream, as the library passes it around."""

    originator_id: UUID
    originator_version: int
    noun: str
    event: Event


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


class LogFactory(InfrastructureFactory[TrackingRecorder]):
    """Makes recorders over the log of `EVERFOLD_CONNINFO`, with the rights of its login.

    `options='-c role=everfold_app'` in it leaves only those of the application.
    """

    CONNINFO = "EVERFOLD_CONNINFO"

    def __init__(self, env: Environment | EnvType | None, *, cache_forgets: bool = False) -> None:
        super().__init__(env)
        if self.env.get("AGGREGATE_CACHE_MAXSIZE") and not cache_forgets:
            raise NotSupportedError(
                "A plain Application would keep people in its cache after they were forgotten. "
                "Use eventstore.library.cache.LogApplication, or leave AGGREGATE_CACHE_MAXSIZE unset."
            )

    @cached_property
    def pool(self) -> Pool:
        """The connections of this application."""
        conninfo = self.env.get(self.CONNINFO)
        if not conninfo:
            raise NotSupportedError(f"Set {self.CONNINFO} to the database's connection string.")
        return new_pool(conninfo)

    def mapper(self, transcoder: Any = None, mapper_class: Any = None) -> Mapper[Any]:  # Any: as in the library
        return super().mapper(transcoder, mapper_class or LogMapper)

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        return LogSnapshots(self.pool) if purpose == "snapshots" else LogAggregates(self.pool)

    def application_recorder(self) -> ApplicationRecorder:
        return LogRecorder(self.pool)

    def tracking_recorder(self, tracking_recorder_class: Any = None) -> TrackingRecorder:
        raise NotSupportedError(_UNTRACKED)

    def process_recorder(self) -> ProcessRecorder:
        raise NotSupportedError(_UNTRACKED)

    def close(self) -> None:
        if "pool" in self.__dict__:
            self.pool.close()
