"""The other end of a customer's trail: what happened last, and how far it reaches."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from eventstore import log
from eventstore.audit.trail import Cut, Whose
from eventstore.database import Connection, query
from eventstore.log import Recorded


@dataclass(frozen=True, slots=True)
class Extent:
    """A history's number of events, the moment at which it begins, at which version the customer's own stream stands
    (0: she has none), the records in it by id with their nouns, and who acted in it."""

    events: int
    first_at: datetime | None
    version: int
    streams: Mapping[UUID, str]
    actors: Sequence[Mapping[str, str]]


def extent(connection: Connection, people: Whose, customer_id: UUID) -> Extent:
    """Of all that is known of those people by now."""
    parameters = _whose(people) | {"customer_id": customer_id}
    row = connection.execute(query("eventstore.audit", "extent"), parameters).fetchone()
    assert row is not None
    pairs = (stream.partition(" ") for stream in row["streams"])
    streams = {UUID(stream_id): noun for noun, _, stream_id in pairs}
    return Extent(row["events"], row["first_at"], row["version"], streams, row["actors"])


def latest(
    connection: Connection,
    people: Whose,
    cut: Cut,
    limit: int,
    *,
    types: Collection[str] | None = None,
    actor_id: UUID | None = None,
    before: int | None = None,
    position: int | None = None,
    unseen: Collection[UUID] = (),
) -> list[tuple[Recorded, bool]]:
    """Those of the events within the cut that happened last, the last first, each with whether it was undone.

    Of these `types`, by this actor, and not in the records `unseen`; `before` is the position of the last event seen
    before, `position` that of a single one.
    """
    parameters = _whose(people) | {
        "horizon": cut.horizon,
        "happened_by": cut.happened_by,
        "types": None if types is None else list(types),
        "actor": actor_id and str(actor_id),
        "before": before,
        "position": position,
        "unseen": list(unseen),
        "limit": limit,
    }
    rows = connection.execute(query("eventstore.audit", "latest"), parameters, prepare=False).fetchall()
    found = {one.position: one for one in log.read_positions(connection, [row["position"] for row in rows])}
    return [(found[row["position"]], row["is_undone"]) for row in rows]


def _whose(people: Whose) -> dict[str, object]:
    return {
        "customers": people.customers,
        "members": list(people.members),
        "theirs": list(people.theirs),
        "of_others": list(people.of_others),
    }
