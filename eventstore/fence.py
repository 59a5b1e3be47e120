"""How far a reader may read so that nothing can still appear behind it.

A position is drawn before its transaction commits, so the highest position seen says nothing about the lower ones.
Writers therefore hold a shared lock from before they draw until they have committed. A reader takes the last number
drawn first and lists the lock's holders second: whoever drew a number up to there and has not committed is among them.
"""

import time
from datetime import timedelta
from typing import NamedTuple

from eventstore.database import Connection, query
from eventstore.trouble import Trouble

_FIRST_PAUSE = 0.0005
_LONGEST_PAUSE = 0.05
_LONGEST_APPEND = 10_000
"""In positions, from its first event to its last: a chunk of an import has fewer, with what others drew meanwhile."""


class StuckWriter(Trouble):
    """A writer has drawn a position and neither commits nor rolls back; readers wait and lose nothing."""

    def __init__(self, pid: int, age: timedelta) -> None:
        super().__init__(
            f"The database session with pid {pid} has held an unfinished write for at least {age}. "
            f"Readers wait for it; end it with: SELECT pg_terminate_backend({pid})"
        )
        self.pid = pid
        self.age = age


def drawn(connection: Connection) -> int:
    """The last position that any writer has drawn, committed or not; 0 for an empty log."""
    row = connection.execute(query("eventstore", "head")).fetchone()
    assert row is not None
    return int(row["head"])


def horizon(connection: Connection, *, patience: float = 10.0) -> int:
    """A position up to which the log is complete for every statement that starts after this call.

    Waits for the writers that were under way, at most `patience` seconds, then raises StuckWriter. The connection must
    not be inside a REPEATABLE READ transaction begun earlier: its snapshot would hide what this waited for.
    """
    head = drawn(connection)
    waiting = set(writers(connection))
    pause, began = _FIRST_PAUSE, time.monotonic()
    while waiting:
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)
        left = writers(connection)
        waiting &= left.keys()
        waited = timedelta(seconds=time.monotonic() - began)
        if waiting and waited.total_seconds() > patience:
            oldest = max(waiting, key=lambda writer: left[writer])
            raise StuckWriter(oldest.pid, max(left[oldest], waited))  # not everybody may see how old a session is
    return head


def unsplit(connection: Connection, position: int) -> int:
    """The last position of which it holds that whatever was appended together with an event up to there lies, all of
    it, up to `position`: that may be one in the middle of an append, as its number may be drawn while others are read.
    """
    asked = {"position": position, "longest": _LONGEST_APPEND}
    row = connection.execute(query("eventstore", "unsplit"), asked, prepare=True).fetchone()
    assert row is not None
    return int(row["position"])


class Writer(NamedTuple):
    """A session that has drawn a position and has not committed: its process, and the transaction it is in."""

    pid: int
    transaction: str


def writers(connection: Connection) -> dict[Writer, timedelta]:
    """Whom readers would have to wait for now, with the age of each one's transaction."""
    rows = connection.execute(query("eventstore", "fence")).fetchall()
    return {Writer(row["pid"], row["virtualtransaction"]): row["age"] for row in rows}
