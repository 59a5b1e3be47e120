"""How far the log is complete, told to everybody in this process who waits for more of it, over one connection.

As many readers as like may wait: only one asks the database, at once when the bell rings and now and then when it does
not, and while nobody waits it does not ask at all.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from eventstore.database import Connection, connect
from eventstore.fence import StuckWriter, drawn, horizon
from eventstore.wake import listen, wait

_SHORTEST_PAUSE = 0.01
_LONGEST_PAUSE = 0.25
_LEAVE_TAKING = 5.0

_log = logging.getLogger("everfold.tip")


class Tip:
    """The position up to which the log was complete when it was last looked at; 0 before that."""

    def __init__(self, conninfo: str, role: str | None = None) -> None:
        self._conninfo, self._role = conninfo, role
        self._waiting: dict[object, Callable[[], None]] = {}
        self._wanted = threading.Event()
        self._turn = threading.Lock()
        self._thread: threading.Thread | None = None
        self.position = 0
        self.is_closing = False
        """Whether the process is about to end: who waits is told, and has nothing more to wait for."""

    @contextmanager
    def watched(self, tell: Callable[[], None]) -> Iterator[None]:
        """While this is open `tell` is called, from another thread, whenever the log has grown or the process ends.

        It must return at once.
        """
        mark = object()
        with self._turn:
            self._waiting[mark] = tell
            if self._thread is None and not self.is_closing:
                self._thread = threading.Thread(target=self._run, name="tip", daemon=True)
                self._thread.start()
        self._wanted.set()
        try:
            yield
        finally:
            with self._turn:
                del self._waiting[mark]
                if not self._waiting and not self.is_closing:
                    self._wanted.clear()

    def begin_closing(self) -> None:
        """Tell everybody that the process is about to end. Takes no lock: a signal's handler may call it."""
        self.is_closing = True
        self._wanted.set()
        self._tell()

    def close(self) -> None:
        """The same, and wait until the connection is closed."""
        self.begin_closing()
        if self._thread:
            self._thread.join(_LEAVE_TAKING)

    def _tell(self) -> None:
        for tell in list(self._waiting.values()):
            tell()

    def _run(self) -> None:
        while not self.is_closing:
            self._wanted.wait()
            try:
                with connect(self._conninfo, self._role) as connection:
                    self._watch(connection)
            except Exception as problem:  # readers wait on, and ask the database themselves; its text may be personal
                _log.warning("the log cannot be watched: %s", type(problem).__name__)
                threading.Event().wait(_LONGEST_PAUSE)

    def _watch(self, connection: Connection) -> None:
        listen(connection)
        seen, pause = -1, _SHORTEST_PAUSE
        while self._wanted.is_set() and not self.is_closing:
            if drawn(connection) != seen:
                try:
                    seen, pause = horizon(connection, patience=_LONGEST_PAUSE), _SHORTEST_PAUSE
                except StuckWriter:  # nobody may read on before it is done
                    continue
                self.position = seen
                self._tell()
            else:
                wait(connection, pause)
                pause = min(pause * 1.5, _LONGEST_PAUSE)
