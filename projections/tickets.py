"""The queue of tickets."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from eventstore.database import Connection, query
from projections.reading import Row, read
from projections.sight import Sight

UNSOLVED = ("new", "open", "pending", "on_hold")
"""The statuses of what is still to be done."""

_QUEUE = ("ticket", "sla_target", "customer_360", "customer_alias", "workspace_member")


@dataclass(frozen=True, slots=True)
class InQueue:
    """Which tickets a queue shows. `unassigned` are those that are nobody's."""

    statuses: Sequence[str] = UNSOLVED
    assignee_id: UUID | None = None
    unassigned: bool = False
    team: str | None = None
    priority: str | None = None
    channel: str | None = None
    customer_id: UUID | None = None


def queue(connection: Connection, shown: InQueue, *, limit: int, sight: Sight) -> list[Row]:
    """Tickets with the names of customer and assignee and the clock that matters most, the most urgent first."""
    parameters = asdict(shown) | {"statuses": list(shown.statuses), "limit": limit}
    return read(connection, query("projections.ticket", "queue"), _QUEUE, parameters, sight=sight)


def waiting(connection: Connection, *, sight: Sight) -> list[Row]:
    """Per status that is not yet solved how many tickets there are, with their teams and channels."""
    return read(connection, query("projections.ticket", "waiting"), ("ticket",), {}, sight=sight)
