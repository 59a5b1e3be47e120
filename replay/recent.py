"""What happened lately, read once for all read models: the refold keys that it touches."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from eventstore.database import Connection, query
from projections.read_models import ROOT, Fold, ReadModel
from replay.fold import Row, touched_by

LEAVING = frozenset(
    {
        "customer.forgotten",
        "customer.person_forgotten",
        "customer.events_undone",
        "lead.events_undone",
        "ticket.events_undone",
    }
)
"""What takes something out of earlier events: it touches their keys too, in every read model."""

MOVING = frozenset({"customer.merged_into", "customer.merge_reverted", "lead.reattributed", "ticket.reattributed"})
"""What moves earlier events into another's history: the same in read models that mind whose history it is."""

_OWNERS = ("customer_id", ROOT, "holder_id", "holder_root_id")


@dataclass(frozen=True, slots=True)
class Recent:
    """The events in `(after, horizon]`, and in whose histories they lie at the horizon."""

    after: int
    horizon: int
    events: Sequence[Row]

    def touched(self, connection: Connection, model: ReadModel, after: int, horizon: int) -> list[set[UUID]]:
        """The refold keys that events in `(after, horizon]` touch, fold by fold; where not all is in hand, the log is
        asked."""
        events = [event for event in self.events if event["position"] > after]
        is_here = after >= self.after and horizon == self.horizon
        types = {event["type"] for event in events}
        return [
            _keys(fold, events)
            if is_here and not types & reaching([fold])
            else touched_by(connection, fold, after, horizon)
            for fold in model.folds
        ]


def reaching(folds: Iterable[Fold]) -> frozenset[str]:
    """The event types that touch other keys of these folds than those in the event itself."""
    return LEAVING | MOVING if any(fold.is_rooted for fold in folds) else LEAVING


def read_recent(connection: Connection, after: int, horizon: int) -> Recent:
    """Read them; both positions lie behind the fence."""
    rows = connection.execute(query("replay", "recent"), {"after": after, "horizon": horizon}, prepare=False)
    return Recent(after, horizon, rows.fetchall())


def _keys(fold: Fold, events: Sequence[Row]) -> set[UUID]:
    columns = _OWNERS if fold.key_column == ROOT else (fold.key_column,)
    types = {*fold.types}
    return {
        event[column] for event in events if event["type"] in types for column in columns if event[column] is not None
    }
