"""What a replay is going to do, how far it is, and how it is told to pause or to end."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from eventstore.database import Connection, query
from projections.read_models import ReadModel

_USUAL_RATE = 150_000
"""Events a second, of a read model that was never rebuilt here."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The events that a read model's folds will read, and the seconds that this is expected to take."""

    read_model: str
    events: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the rebuild of a read model is. Events are counted once for each fold that reads them."""

    read_model: str
    phase: str
    wanted: str
    """run, pause or cancel."""
    events: int
    events_done: int
    seconds: float
    """Of work, without pauses."""

    @property
    def rate(self) -> float | None:
        """Events a second so far."""
        return self.events_done / self.seconds if self.seconds and self.events_done else None

    @property
    def eta(self) -> float | None:
        """The seconds of folding that are left at that rate."""
        return (self.events - self.events_done) / self.rate if self.rate else None


Tell = Callable[[Progress], None]


Counts = Mapping[str, int]
"""Events by type."""


class Stopped(Exception):
    """A rebuild was paused or cancelled, between two pieces of its work."""

    def __init__(self, progress: Progress) -> None:
        super().__init__(progress.wanted)
        self.progress = progress


def count_types(connection: Connection, head: int) -> Counts:
    """How many events of each type lie up to a position."""
    rows = connection.execute(
        "SELECT type, count(*) AS events FROM log.event WHERE position <= %s GROUP BY type", [head]
    )
    return {row["type"]: row["events"] for row in rows}


def events_of_folds(model: ReadModel, counts: Counts) -> list[int]:
    """How many events each of the folds reads; one that reads only the tables before it, none."""
    return [sum(counts.get(type_, 0) for type_ in fold.types) for fold in model.folds]


def plan(connection: Connection, models: Sequence[ReadModel], counts: Counts) -> list[Plan]:
    """What rebuilding these read models takes, going by how fast they were last rebuilt."""
    rates = {
        row["projection"]: row["events_a_second"]
        for row in connection.execute("SELECT projection, events_a_second FROM replay.checkpoint ORDER BY schema_name")
    }
    plans = []
    for model in models:
        events = sum(events_of_folds(model, counts))
        plans.append(Plan(model.name, events, events / (rates.get(model.name) or _USUAL_RATE)))
    return plans


def under_way(connection: Connection) -> list[Progress]:
    """The rebuilds that have begun, or wait for their turn, and have not ended."""
    return [Progress(**row) for row in connection.execute(query("replay", "under_way"))]


def announce(connection: Connection, models: Sequence[ReadModel]) -> None:
    """Say that these are going to be rebuilt, so that a replay that was cut off can go on with all of them."""
    for model in models:
        connection.execute(query("replay", "announce"), {"projection": model.name, "definition": model.definition})


def ask(connection: Connection, names: Collection[str], wanted: str) -> list[str]:
    """Ask rebuilds to `run`, `pause` or `cancel`, which they do after the chunk at hand; returns whose there are."""
    rows = connection.execute(
        "UPDATE replay.rebuild SET wanted = %s WHERE projection = ANY(%s) RETURNING projection", [wanted, list(names)]
    )
    return sorted(row["projection"] for row in rows)
