"""Seals and exports in the background, so that every change of what is older than a minute or so shows."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from eventstore.database import connect
from eventstore.sealing.seals import MOST, seal_and_export
from eventstore.trouble import Trouble

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_PAUSE = 5.0
_LEAVE_TAKING = 1.0

_log = logging.getLogger("everfold.sealer")


class Sealer(threading.Thread):
    """Looks every few seconds whether there is something to seal. Several processes may have one: they give way."""

    def __init__(self, conninfo: str, file: Path, key: "Ed25519PrivateKey | None", *, pause: float = _PAUSE) -> None:
        super().__init__(name="sealer", daemon=True)
        self._conninfo, self._file, self._key, self._pause = conninfo, file, key, pause
        self._stopping = threading.Event()
        self.problem: str | None = None
        """What keeps it from sealing, by the name of the error; None while all is well."""

    def stop(self) -> None:
        """End, at the latest in a moment: a seal is made and exported whole or not at all."""
        self._stopping.set()
        self.join(_LEAVE_TAKING)

    def run(self) -> None:
        while not self._stopping.is_set():
            try:
                with connect(self._conninfo) as connection:
                    while not self._stopping.is_set():
                        sealed = seal_and_export(connection, self._file, self._key)
                        self.problem = None
                        if max(sealed.made, sealed.exported) < MOST:
                            self._stopping.wait(self._pause)
            except Exception as problem:  # a sealer that is gone would be worse
                if self._stopping.is_set():
                    return
                self._say(problem)
            self._stopping.wait(self._pause)

    def _say(self, problem: Exception) -> None:
        """Once for each kind of problem, not every few seconds."""
        if self.problem != (name := type(problem).__name__):
            _log.warning("The log is not being sealed: %s", problem if isinstance(problem, Trouble) else name)
        self.problem = name


@contextmanager
def sealing(conninfo: str, file: Path, key: "Ed25519PrivateKey | None") -> Iterator[Sealer]:
    """A sealer that runs until the end."""
    sealer = Sealer(conninfo, file, key)
    sealer.start()
    try:
        yield sealer
    finally:
        sealer.stop()
