"""What the console lets the server do in the background, one of each at a time: replays, comparisons, retries.

Replays pause when the server ends, and can be gone on with; a comparison that is cut off has changed nothing.
"""

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from api.sealing import checking_key, log_as_it_lies, seals_file
from api.store import Store
from eventstore.sealing.verification import verify as verify_log
from projections.read_models import ReadModel, read_models
from replay import progress, rebuild, together
from replay.follow import catch_up
from replay.upkeep import keep_finding
from replay.verification import retry_parked, verify
from replay.versions import turn

COMPARING = "compare from the console"
CHECKING = "check the log from the console"

_AT_ONCE = 2
_PATIENCE = 20.0

_log = structlog.get_logger("everfold.console")


@dataclass(frozen=True, slots=True)
class Checked:
    """What the last check of the log against its seals found, and when it ended."""

    at: datetime
    events: int
    seconds: float
    sealed_to: int
    behind: int
    is_signed: bool
    trouble: str | None


class Work:
    """The work of this process; what it came to stands in the database, where every process sees it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._threads: dict[str, threading.Thread] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self.trouble: str | None = None
        """Why the last work did not come to its end."""

    def replay(self, models: Sequence[ReadModel]) -> None:
        """Fold these anew, beside the live ones."""
        with self._store.following() as connection:
            progress.announce(connection, models)  # at once, so that the page that comes next shows it
        self._begin("replay", lambda: self._replay(models))

    def resume(self) -> None:
        """Go on with what was paused or cut off."""
        self._begin("replay", lambda: together.resume_together(self._store.following, _nobody, at_once=_AT_ONCE))

    def cancel(self, names: Sequence[str]) -> None:
        """End these replays; what they have made goes once the chunk at hand is done."""
        with self._store.following() as connection:
            progress.ask(connection, names, "cancel")
        self._begin("cancel", lambda: self._cancel(names))

    def compare(self, models: Sequence[ReadModel]) -> None:
        """Compare these with a replay, row by row."""
        self._begin(COMPARING, lambda: self._compare(models))

    def check_log(self) -> None:
        """Recompute the log against its seals."""
        self._begin(CHECKING, self._check_log)

    def retry(self, models: Sequence[ReadModel]) -> None:
        """Fold the keys that are set apart once more; there are few, so this waits for it."""
        with self._store.following() as connection:
            catch_up(connection)
            for model in models:
                retry_parked(connection, model)

    def stop(self) -> None:
        """Pause the replays of this process, and wait a while for what is under way."""
        self._stopping.set()
        if self.is_at("replay"):
            with self._store.following() as connection:
                progress.ask(connection, list(read_models()), "pause")
        ends_at = time.monotonic() + _PATIENCE
        for thread in self._threads.values():
            thread.join(max(0.0, ends_at - time.monotonic()))

    def is_at(self, name: str) -> bool:
        """Whether this process does that work."""
        thread = self._threads.get(name)
        return thread is not None and thread.is_alive()

    def _begin(self, name: str, do: Callable[[], object]) -> None:
        """In a thread; where this process is at it already, nothing."""
        with self._lock:
            if self.is_at(name):
                return
            self.trouble = None
            thread = threading.Thread(target=self._do, args=(name, do), name=name, daemon=True)
            self._threads[name] = thread
            thread.start()

    def _do(self, name: str, do: Callable[[], object]) -> None:
        try:
            do()
        except Exception as problem:  # the text may hold personal values
            _log.warning("work ended early", work=name, problem=type(problem).__name__)
            self.trouble = f"The last work did not come to its end ({type(problem).__name__}). Start it again."

    def _replay(self, models: Sequence[ReadModel]) -> None:
        with self._store.following() as connection:
            catch_up(connection)
        together.replay_together(self._store.following, models, _nobody, at_once=_AT_ONCE)

    def _cancel(self, names: Sequence[str]) -> None:
        with self._store.following() as connection:
            for name in names:
                rebuild.cancel(connection, name)

    def _compare(self, models: Sequence[ReadModel]) -> None:
        with self._store.following() as connection, turn(connection, COMPARING):
            catch_up(connection)
            for model in models:
                if self._stopping.is_set():
                    return
                keep_finding(connection, verify(connection, model))

    def _check_log(self) -> None:
        settings = self._store.settings
        with self._store.following() as connection, turn(connection, CHECKING):
            with log_as_it_lies(settings) as own:
                report = verify_log(own, seals_file(settings), checking_key(settings, None))
            found = report.finding
            where = f" (position {found.position})" if found and found.position else ""
            _keep(
                _file(self._store),
                Checked(
                    datetime.now(UTC),
                    report.events,
                    report.seconds,
                    report.sealed_to,
                    report.behind,
                    report.is_signed,
                    f"{found.detail}{where}" if found else None,
                ),
            )


def last_check(store: Store) -> Checked | None:
    """What the last check of the log came to; None where none was made."""
    try:
        told: dict[str, Any] = json.loads(_file(store).read_text())  # Any: JSON
        return Checked(**told | {"at": datetime.fromisoformat(told["at"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _keep(file: Path, checked: Checked) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps(asdict(checked) | {"at": checked.at.isoformat()}))
    fresh.replace(file)


def _file(store: Store) -> Path:
    return store.settings.data / "log-check.json"


def _nobody(_: progress.Progress) -> None:
    """The database tells how far it is."""
