"""Loads the demo company into an empty log, with the times at which it came to know things."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from api.demo.telling import Demo, customers_told, workspace_told
from api.forget import erasure_list
from api.store import Store
from domain.workspace import WORKSPACE_ID
from eventstore import log
from eventstore.database import Connection, connect
from eventstore.erasure import erasures
from eventstore.trouble import Trouble
from eventstore.whole_log import filling, staging
from eventstore.whole_log.contents import Contents, contents
from replay.follow import catch_up, fold_side_by_side

_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


class OtherEvents(Trouble):
    """This log holds other events already, and the demo company goes only into an empty one. Name a new data folder
    with --data, or a new database."""

    def __init__(self) -> None:
        super().__init__(" ".join((type(self).__doc__ or "").split()))


class TooLongAgo(Trouble):
    """The story would end before anybody sold software as it tells. Give --until a day from 1990 on."""

    def __init__(self) -> None:
        super().__init__(type(self).__doc__)


class NotYet(Trouble):
    """The story would end in the future. Give --until a moment that has passed."""

    def __init__(self) -> None:
        super().__init__(type(self).__doc__)


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of the loading: what was done to how many events, in how many seconds."""

    name: str
    events: int
    seconds: float

    @property
    def rate(self) -> int:
        """Events a second."""
        return round(self.events / max(self.seconds, 0.001))

    def __str__(self) -> str:
        return f"{self.name:<11}  {self.events:>9,} events  {self.seconds:>8.3f} s  {self.rate:>9,} events/s"


@dataclass(frozen=True, slots=True)
class Loaded:
    """The demo as it lies in the log, and whether it had been there before; if not, how long the parts of it took."""

    demo: Demo
    contents: Contents
    was_there: bool
    phases: tuple[Phase, ...] = field(default=(), compare=False)

    def as_json(self) -> dict[str, object]:
        """For programs: the same whether it was loaded now or before, but for the phases."""
        held = self.contents
        return {
            "seed": self.demo.seed,
            "customers": self.demo.customers,
            "until": self.demo.until.isoformat(),
            "events": held.events,
            "streams": held.streams,
            "types": held.types,
            "digest": held.digest.hex(),
            "phases": [
                {
                    "phase": phase.name,
                    "events": phase.events,
                    "seconds": round(phase.seconds, 3),
                    "events_per_second": phase.rate,
                }
                for phase in self.phases
            ],
        }

    def __str__(self) -> str:
        held = self.contents
        counted = [f"{held.streams.get(noun, 0):,} {noun}s" for noun in ("customer", "lead", "ticket", "campaign")]
        is_ = "is there already" if self.was_there else "is loaded"
        lines = [
            f"The demo company {is_}, up to {self.demo.until:%Y-%m-%d %H:%M} UTC: {', '.join(counted)};"
            f" {held.events:,} events.",
            f"Digest: {held.digest.hex()}",
            *map(str, self.phases),
        ]
        return "\n".join(lines)


def is_empty(store: Store) -> bool:
    """Whether the installation's log has no event."""
    with store.pool.connection() as connection:
        return filling.is_empty(connection)


def load_demo(
    store: Store,
    *,
    seed: int = 7,
    customers: int = 400,
    until: datetime | None = None,
    processes: int | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Loaded:
    """Fill an empty log with the company's history up to `until`, all or nothing; then bring the read models up to it.

    Without a moment the history ends where today begins (UTC), or where that of the same company ends which is there
    already: that one is left as it is. Raises OtherEvents, NotYet, TooLongAgo, NotTheOwner or OSError; then nothing was
    loaded.
    """
    watch = _Watch()
    with connect(store.conninfo) as connection:  # the login itself: the log is its owner's to fill
        now = log.now(connection)
        if until and until > now:
            raise NotYet()
        if until and until < _EARLIEST:
            raise TooLongAgo()
        today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        demo = Demo(seed, customers, (until or today).astimezone(UTC))
        is_filled = filling.is_empty(connection) and _filled(connection, store, demo, processes, say, watch)
        loaded = _found(connection, demo, any_until=until is None, was_there=not is_filled)
        watch.lap("counted", loaded.contents.events)
        store.bell.ring(connection)
    say("folding the read models")
    if not is_filled:
        with store.following() as following:
            catch_up(following)
        return loaded
    fold_side_by_side(store.follower_conninfo)
    watch.lap("folded", loaded.contents.events)
    return replace(loaded, phases=(*watch.phases, watch.whole(loaded.contents.events)))


class _Watch:
    """Takes the time of one phase after the other."""

    def __init__(self) -> None:
        self.phases: list[Phase] = []
        self._started = self._latest = time.perf_counter()

    def lap(self, name: str, events: int) -> None:
        """What has gone on since the last one is this phase."""
        now = time.perf_counter()
        self.phases.append(Phase(name, events, now - self._latest))
        self._latest = now

    def whole(self, events: int) -> Phase:
        """All of them together."""
        return Phase("all of it", events, self._latest - self._started)


def _filled(
    connection: Connection,
    store: Store,
    demo: Demo,
    processes: int | None,
    say: Callable[[str], None],
    watch: _Watch,
) -> bool:
    """Whether the log was filled: not when another process has filled it meanwhile."""
    staging.prepare(connection)
    told = staging.stage(connection, _counted(customers_told(demo, processes), say))
    told += staging.stage(connection, workspace_told(demo, told))
    watch.lap("told", told)
    say(f"{told:,} events told; filling the log")
    with connection.transaction():
        filling.hold_still(connection)
        if not filling.is_empty(connection):
            return False
        staging.fill(connection)
        filling.begin_anew(connection, told)
        # outside the database before it is committed, as with everybody who is forgotten
        erasures.add(erasure_list(store.settings.data), staging.forgotten(connection))
    watch.lap("filled", told)
    return True


def _found(connection: Connection, demo: Demo, *, any_until: bool, was_there: bool) -> Loaded:
    """The demo that the log holds. Raises OtherEvents when it is not this one."""
    history = log.load(connection, WORKSPACE_ID).history
    note = history[0].metadata.get("demo") if history else None
    if not note:
        raise OtherEvents()
    found = Demo(note["seed"], note["customers"], datetime.fromisoformat(note["until"]))
    if (found.seed, found.customers) != (demo.seed, demo.customers) or not (any_until or found.until == demo.until):
        raise OtherEvents()
    return Loaded(found, contents(connection, note["events"]), was_there)


def _counted(pieces: Iterator[bytes], say: Callable[[str], None]) -> Iterator[bytes]:
    events = 0
    for piece in pieces:
        events += piece.count(b"\n")
        say(f"{events:,} events told")
        yield piece
