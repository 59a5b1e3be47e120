"""Looks after the read models in the background: each is verified now and then, and what grew old is dropped."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from eventstore.database import Connection, connect, query
from eventstore.trouble import Trouble
from projections.read_models import read_models
from replay.asof import drop_old
from replay.differences import Report
from replay.verification import verify

_PAUSE = 60.0
_LEAVE_TAKING = 1.0

_log = structlog.get_logger("everfold.upkeep")


@dataclass(frozen=True, slots=True)
class Health:
    """How a live read model is: how far it is folded, and what was wrong with it when it was last looked at."""

    read_model: str
    position: int
    parked_keys: int
    unverified_seconds: float
    rows_differing: int | None
    """Those that were not as in a replay; None when it was not verified since it was folded anew."""


def health(connection: Connection) -> list[Health]:
    """Of each read model that this program knows, by name."""
    return [Health(**row) for row in connection.execute(query("replay", "health"), {"names": list(read_models())})]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a live read model stands, and what it takes up."""

    read_model: str
    position: int
    rebuilt_at: datetime
    verified_at: datetime | None
    rows_differing: int | None
    events_a_second: float | None
    """How fast it was last folded anew."""
    parked_keys: int
    has_previous: bool
    """Whether the version before is kept, to go back to."""
    rows: int | None
    """About, as of the last statistics; None where the server has none yet."""
    bytes: int


def standing(connection: Connection) -> list[Standing]:
    """Of each read model that this program knows, by name."""
    return [Standing(**row) for row in connection.execute(query("replay", "standing"), {"names": list(read_models())})]


def keep_finding(connection: Connection, report: Report) -> None:
    """Note when a live read model was verified, and how many of its rows were not those of a replay."""
    connection.execute(
        "UPDATE replay.checkpoint SET verified_at = clock_timestamp(), rows_differing = %s"
        " WHERE projection = %s AND schema_name = 'public'",
        [report.differing, report.read_model],
    )


def verify_next(connection: Connection, every: timedelta) -> Report | None:
    """Verify the read model that was not for longest, if that is longer than `every`; None when none is due.

    Of several processes one does it at a time, and the others have nothing to do.
    """
    due = {"names": list(read_models()), "every": every}
    with connection.transaction():
        row = connection.execute(query("replay", "take_due"), due).fetchone()
    if row is None:
        return None
    report = verify(connection, read_models()[row["projection"]])
    keep_finding(connection, report)
    if report.differing:
        _log.warning("rows differ from a replay", read_model=report.read_model, rows=report.differing)
    return report


class Upkeep(threading.Thread):
    """Looks every minute whether a read model is due to be verified, or what was known at a moment is due to go."""

    def __init__(self, conninfo: str, every: timedelta, *, pause: float = _PAUSE) -> None:
        super().__init__(name="upkeep", daemon=True)
        self._conninfo, self._every, self._pause = conninfo, every, pause
        self._stopping = threading.Event()

    def stop(self) -> None:
        """End, at the latest in a moment: a verification that is under way is left, and changes nothing."""
        self._stopping.set()
        self.join(_LEAVE_TAKING)

    def run(self) -> None:
        while not self._stopping.wait(self._pause):
            try:
                with connect(self._conninfo) as connection:
                    drop_old(connection)
                    while verify_next(connection, self._every) and not self._stopping.is_set():
                        pass
            except Exception as problem:  # the text may hold personal values
                spoken = isinstance(problem, Trouble)
                name = type(problem).__name__
                _log.warning("upkeep waits", problem=name, detail=str(problem) if spoken else None)


@contextmanager
def upkeep(conninfo: str, every: timedelta) -> Iterator[None]:
    """It goes on until the end."""
    thread = Upkeep(conninfo, every)
    thread.start()
    try:
        yield
    finally:
        thread.stop()
