"""Loads the demo company into an empty log, with the times at which it came to know things."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
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
from replay.follow import catch_up

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
class Loaded:
    """The demo as it lies in the log, and whether it had been there before."""

    demo: Demo
    contents: Contents
    was_there: bool

    def as_json(self) -> dict[str, object]:
        """For programs: the same whether it was loaded now or before."""
        held = self.contents
        return {
            "seed": self.demo.seed,
            "customers": self.demo.customers,
            "until": self.demo.until.isoformat(),
            "events": held.events,
            "streams": held.streams,
            "types": held.types,
            "digest": held.digest.hex(),
        }

    def __str__(self) -> str:
        held = self.contents
        counted = [f"{held.streams.get(noun, 0):,} {noun}s" for noun in ("customer", "lead", "ticket", "campaign")]
        is_ = "is there already" if self.was_there else "is loaded"
        return (
            f"The demo company {is_}, up to {self.demo.until:%Y-%m-%d %H:%M} UTC: {', '.join(counted)};"
            f" {held.events:,} events.\nDigest: {held.digest.hex()}"
        )


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
    with connect(store.conninfo) as connection:  # the login itself: the log is its owner's to fill
        now = log.now(connection)
        if until and until > now:
            raise NotYet()
        if until and until < _EARLIEST:
            raise TooLongAgo()
        today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        demo = Demo(seed, customers, (until or today).astimezone(UTC))
        is_filled = filling.is_empty(connection) and _filled(connection, store, demo, processes, say)
        loaded = _found(connection, demo, any_until=until is None, was_there=not is_filled)
        store.bell.ring(connection)
    say("folding the read models")
    with store.following() as following:
        catch_up(following)
    return loaded


def _filled(
    connection: Connection, store: Store, demo: Demo, processes: int | None, say: Callable[[str], None]
) -> bool:
    """Whether the log was filled: not when another process has filled it meanwhile."""
    staging.prepare(connection)
    told = staging.stage(connection, _counted(customers_told(demo, processes), say))
    told += staging.stage(connection, workspace_told(demo, told))
    say(f"{told:,} events told; filling the log")
    with connection.transaction():
        filling.hold_still(connection)
        if not filling.is_empty(connection):
            return False
        staging.fill(connection)
        filling.begin_anew(connection, told)
        # outside the database before it is committed, as with everybody who is forgotten
        erasures.add(erasure_list(store.settings.data), staging.forgotten(connection))
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
