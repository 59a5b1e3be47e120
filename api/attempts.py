"""Who came in, and who was turned away: counted, written as a line, and noted beside the log. Nothing of it is
personal, and no part of what was presented is kept."""

from collections import Counter
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING
from uuid import UUID

import structlog
from uuid_utils.compat import uuid7

from eventstore import access

if TYPE_CHECKING:  # it keeps the counts
    from api.store import Store

_log = structlog.get_logger("everfold.access")

_CAME_OR_WENT = ("signed_in", "signed_out")


class Attempts:
    """How often since this process started, by way and outcome; and what it has noted already."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._noted: dict[tuple[str, str, UUID | None], datetime] = {}
        self._used: dict[UUID, datetime] = {}

    def counts(self) -> dict[tuple[str, str], int]:
        """Each way and outcome, with how often."""
        with self._lock:
            return dict(self._counts)

    def count(self, way: str, outcome: str) -> None:
        """One more."""
        with self._lock:
            self._counts[way, outcome] += 1

    def is_new(self, way: str, outcome: str, actor_id: UUID | None, minute: datetime) -> bool:
        """Whether this has not been seen in this minute; the actors that are known are few."""
        with self._lock:
            before = self._noted.get((way, outcome, actor_id))
            self._noted[way, outcome, actor_id] = minute
            return before != minute

    def is_first_use(self, key_id: UUID, hour: datetime) -> bool:
        """Whether the key has not been seen in this hour."""
        with self._lock:
            before = self._used.get(key_id)
            self._used[key_id] = hour
            return before != hour


def now() -> datetime:
    """The moment in UTC."""
    return datetime.now(UTC)


def note(store: "Store", way: str, outcome: str, actor_id: UUID | None = None) -> None:
    """Note that somebody came in or was turned away. `way` and `outcome` are words of the program, and `actor_id` is
    the key or member, where there is one by that id. The same refusal is written down once a minute: whoever guesses
    keys fills no disk."""
    store.attempts.count(way, outcome)
    minute = now().replace(second=0, microsecond=0)
    if outcome in _CAME_OR_WENT:
        attempt_id = uuid7()
    elif store.attempts.is_new(way, outcome, actor_id, minute):
        attempt_id = store.derived_id("sign-in", way, outcome, str(actor_id), minute.isoformat())
    else:
        return
    _log.info("sign-in", way=way, outcome=outcome, actor_id=str(actor_id) if actor_id else None)
    with store.pool.connection() as connection:
        access.note_sign_in(connection, attempt_id, way, outcome, actor_id)


def note_use(store: "Store", key_id: UUID) -> None:
    """Note in which hour a key was used."""
    hour = now().replace(minute=0, second=0, microsecond=0)
    if store.attempts.is_first_use(key_id, hour):
        with store.pool.connection() as connection:
            access.note_key_use(connection, key_id, hour)
