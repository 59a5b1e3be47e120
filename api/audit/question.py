"""What an audit is asked: of whom, as of when, and which events and fields of it are wanted."""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal, TypeAlias
from uuid import UUID

from api.problems import BadParameter, NotFound
from api.visible import sees
from domain.catalogue import EVENT_TYPES
from domain.changes import Change
from domain.event import CustomerId
from domain.reversal import EVOLVE
from domain.workspace import WORKSPACE_ID
from eventstore import log
from eventstore.audit.trail import Cut, Entry
from eventstore.database import Connection
from eventstore.fence import horizon
from eventstore.moments import NotYet, position_at
from projections.sight import Sight

Axis: TypeAlias = Literal["recorded", "occurred"]

MOMENT = (
    "a day such as 2026-03-03 (its first moment, UTC) or a moment with its offset from UTC, such as "
    "2026-03-03T09:00:00Z"
)


class UnknownCustomer(NotFound):
    """There is no customer with this id, or she is not yours to see."""


@dataclass(frozen=True, slots=True)
class Question:
    """An audit's question; whatever is not given is not asked for. The period is half-open, on the same axis."""

    customer_id: CustomerId
    as_of: datetime | None = None
    axis: Axis = "recorded"
    types: tuple[str, ...] = ()
    actor_id: UUID | None = None
    field: str | None = None
    start: datetime | None = None
    end: datetime | None = None

    @property
    def digest(self) -> str:
        """The same for the same question only."""
        parts = [self.customer_id, self.as_of, self.axis, self.types, self.actor_id, self.field, self.start, self.end]
        return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:32]

    def wanted(self, entry: Entry) -> Sequence[Change] | None:
        """What to show of the fields that the event touched; None when the event is not asked for."""
        row = entry.row
        if self.types and row.type not in self.types:
            return None
        if self.actor_id and row.actor["id"] != str(self.actor_id):
            return None
        moment = row.occurred_at if self.axis == "occurred" else row.recorded_at
        if (self.start and moment < self.start) or (self.end and moment >= self.end):
            return None
        if self.field is None:
            return entry.changes
        return [change for change in entry.changes if is_field(change.field, self.field)] or None


def is_field(path: str, asked: str) -> bool:
    """Whether a path is the field that somebody asked for: whole, from its beginning, or by its last name."""
    return path == asked or path.startswith((f"{asked}.", f"{asked}[")) or path.endswith(f".{asked}")


def moment_of(text: str, name: str) -> datetime:
    """The moment that somebody wrote for this parameter; of a day its first one, UTC. Raises BadParameter."""
    moment: datetime | None = None
    try:
        day = date.fromisoformat(text)
        moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    except ValueError:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            pass
    if moment is None or moment.tzinfo is None or not 1000 <= moment.year <= 9000:
        raise BadParameter(f"{name} takes {MOMENT}.")
    return moment.astimezone(UTC)


def must_be_types(types: Collection[str]) -> tuple[str, ...]:
    """The types, in order. Raises BadParameter for one that no customer, lead or ticket has."""
    for name in types:
        if name.partition(".")[0] not in EVOLVE or name not in EVENT_TYPES:
            raise BadParameter("A customer has no events of that type. All types: ./crm events, or docs/events.md.")
    return tuple(sorted(set(types)))


def must_be_in_order(start: datetime | None, end: datetime | None) -> None:
    """Raises BadParameter when nothing can lie between the two."""
    if start and end and start >= end:
        raise BadParameter("Nothing lies between these two moments: the first must be earlier than the second.")


def must_be_customer(connection: Connection, customer_id: CustomerId, sight: Sight) -> None:
    """Raises UnknownCustomer when nothing was ever recorded about her, or nothing that may be seen."""
    if customer_id == WORKSPACE_ID or not log.has_customer(connection, customer_id):
        raise UnknownCustomer()
    if not sees(connection, sight, "customer", customer_id):
        raise UnknownCustomer()


def cut_at(connection: Connection, as_of: datetime | None, axis: Axis) -> Cut:
    """Which events count as of a moment on an axis; without one, all. Raises BadParameter for one that has not come."""
    if as_of is None:
        return Cut(horizon(connection))
    try:
        if axis == "recorded":
            return Cut(position_at(connection, as_of))
        if as_of > log.now(connection):
            raise NotYet(as_of)
    except NotYet as early:
        raise BadParameter(str(early)) from None
    return Cut(horizon(connection), as_of)
