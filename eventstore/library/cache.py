"""The `eventsourcing` library's cache of aggregates, made safe: nobody comes out of it after being forgotten.

The library fast-forwards a cached aggregate by the later events of its stream. Forgetting adds none there: it takes the
personal part of earlier ones away. An undo adds one that takes earlier ones away. So every look into the cache first
asks how often anybody was forgotten, and when anything of the stream was undone.
"""

from collections.abc import Callable
from threading import local
from typing import Any
from uuid import UUID

from eventsourcing.application import Application, Cache, LRUCache, ProjectorFunction, Repository, project_aggregate
from eventsourcing.persistence import InfrastructureFactory, NotSupportedError
from eventsourcing.utils import Environment

from eventstore.database import Pool, query
from eventstore.library import LogFactory


class LogApplication(Application[UUID]):
    """An Application that may keep aggregates in memory (`AGGREGATE_CACHE_MAXSIZE`; 0 sets no limit)."""

    def construct_factory(self, env: Environment) -> InfrastructureFactory[Any]:
        """The log's factory, whatever the environment names."""
        return LogFactory(env, cache_forgets=True)

    def construct_repository(self) -> Repository[UUID]:
        """The library's own, or one that looks after its cache."""
        plain = super().construct_repository()
        if plain.cache is None:
            return plain
        if not plain.fastforward:
            raise NotSupportedError("Leave AGGREGATE_CACHE_FASTFORWARD on: other processes append to the same streams.")
        assert isinstance(self.factory, LogFactory)
        return LogRepository(plain, self.factory.pool, int(self.env[self.AGGREGATE_CACHE_MAXSIZE]))


class LogRepository(Repository[UUID]):
    """A repository whose cache is emptied when anybody is forgotten."""

    def __init__(self, plain: Repository[UUID], pool: Pool, size: int) -> None:
        super().__init__(
            plain.event_store,
            snapshot_store=plain.snapshot_store,
            fastforward_skipping=plain.fastforward_skipping,
            deepcopy_from_cache=plain.deepcopy_from_cache,
        )
        self._pool = pool
        self._forgetful = ForgetfulCache(lambda: LRUCache(size) if size > 0 else Cache())
        self.cache = self._forgetful

    def get(
        self,
        aggregate_id: UUID,
        *,
        version: int | None = None,
        projector_func: ProjectorFunction[Any, Any] = project_aggregate,
        fastforward_skipping: bool = False,
        deepcopy_from_cache: bool = True,
    ) -> Any:  # Any: as in the library, whatever the projector makes of the events
        if version is None:
            with self._pool.connection() as connection:
                statement, parameters = query("eventstore.library", "changes"), {"stream_id": aggregate_id}
                row = connection.execute(statement.encode(), parameters, prepare=True).fetchone()
            assert row is not None
            self._forgetful.known(row["forgettings"])
            self._forgetful.known_undone(aggregate_id, row["undone_at"])
        return super().get(
            aggregate_id,
            version=version,
            projector_func=projector_func,
            fastforward_skipping=fastforward_skipping,
            deepcopy_from_cache=deepcopy_from_cache,
        )


class ForgetfulCache(Cache[UUID, Any]):
    """Tells nothing that was put in by a thread that knew of fewer forgettings, or of another last undo, than the one
    that asks."""

    def __init__(self, new: Callable[[], Cache[UUID, Any]]) -> None:
        super().__init__()
        self._new = new
        self._kept = new()
        self._forgettings = 0
        self._thread = local()

    def known(self, forgettings: int) -> None:
        """This thread has seen, before it loads anything, that so many were forgotten; drops what is older."""
        self._thread.forgettings = forgettings
        if forgettings > self._forgettings:
            self._kept, self._forgettings = self._new(), forgettings

    def known_undone(self, key: UUID, version: int) -> None:
        """This thread has seen, before it loads the stream, which version of it was the last undo; 0: none was."""
        undone: dict[UUID, int] = self._thread.__dict__.setdefault("undone", {})
        undone.pop(key, None)
        if version:
            undone[key] = version

    def get(self, key: UUID, *, evict: bool = False) -> Any:
        forgettings, undone_at, aggregate = self._kept.get(key, evict=evict)
        if forgettings < self._known() or undone_at != self._undone(key):
            raise KeyError(key)
        return aggregate

    def put(self, key: UUID, value: Any) -> None:
        self._kept.put(key, (self._known(), self._undone(key), value))

    def _known(self) -> int:
        known: int = getattr(self._thread, "forgettings", 0)
        return known

    def _undone(self, key: UUID) -> int:
        undone: dict[UUID, int] = getattr(self._thread, "undone", {})
        return undone.get(key, 0)
