"""Notes whom answers showed: those of many answers together, within a moment of them."""

import threading
from collections.abc import Iterable
from uuid import UUID

import structlog
from uuid_utils.compat import uuid7

from api.problems import Unavailable
from api.store import Store
from eventstore.audit.accesses import Note, note_accesses
from eventstore.database import UNAVAILABLE

_GATHERING = 0.05
"""Seconds in which notes are gathered before they are written: what a process that is killed may lose."""
_PAUSE = 1.0
_MOST_WAITING = 10_000

_log = structlog.get_logger("everfold.api")


class Noting:
    """The notes of this process that are not written yet, and the thread that writes them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[Note] = []
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._something, self._over = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def note(self, customers: Iterable[UUID], actor_kind: str, actor_id: UUID, way: str) -> None:
        """That an answer is about to show these customers to somebody. Raises Unavailable when too many notes wait,
        because they cannot be written."""
        note = Note(list(customers), uuid7(), actor_kind, actor_id, way)
        with self._lock:
            if len(self._waiting) >= _MOST_WAITING:
                raise Unavailable()
            self._waiting.append(note)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="noting", daemon=True)
                self._thread.start()
        self._something.set()

    def flush(self) -> None:
        """Write what waits. Raises what the database raises; nothing is lost by that."""
        with self._writing:
            with self._lock:
                taken, self._waiting = self._waiting, []
            try:
                with self._store.pool.connection() as connection:
                    note_accesses(connection, taken)
            except BaseException:
                with self._lock:
                    self._waiting = taken + self._waiting
                raise

    def stop(self) -> None:
        """Write what waits still, and end."""
        self._over.set()
        self._something.set()
        if self._thread:
            self._thread.join()
        try:
            self.flush()
        except UNAVAILABLE as error:
            _log.error("accesses could not be noted", lost=len(self._waiting), problem=type(error).__name__)

    def _work(self) -> None:
        while not self._over.is_set():
            self._something.wait()
            self._over.wait(_GATHERING)
            self._something.clear()
            try:
                self.flush()
            except Exception as error:  # whatever it is, the notes stay, and are tried again
                _log.warning("accesses wait to be noted", waiting=len(self._waiting), problem=type(error).__name__)
                if self._over.wait(_PAUSE):
                    return
                self._something.set()
