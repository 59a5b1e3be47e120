"""Wakes whoever follows the log, in whatever process: a notification after the commit, at most one in a while.

Inside the append's transaction a notification would make all commits wait for each other. A wake-up may also be left
out or lost: followers look again on their own, often at first and then more rarely.
"""

import time

from eventstore.database import Connection, query

_INTERVAL = 0.05


class Bell:
    """Rung after each append. One ring is enough for all appends of a short while: a follower that has just been woken
    looks often."""

    def __init__(self) -> None:
        self._rung = -_INTERVAL

    def ring(self, connection: Connection) -> None:
        """Wake the followers, unless they were woken a moment ago."""
        now = time.monotonic()
        if now - self._rung >= _INTERVAL:
            self._rung = now
            connection.execute(query("eventstore", "ring"))


def listen(connection: Connection) -> None:
    """From now on this connection is woken. To be called before looking for the first time, or a ring is missed."""
    connection.execute("LISTEN everfold_appended")


def wait(connection: Connection, seconds: float) -> None:
    """Until the bell rings, at most this long."""
    for _ in connection.notifies(timeout=seconds, stop_after=1):
        pass
