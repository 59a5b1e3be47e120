"""The imports that the log knows, whichever way their files came."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from domain.workspace import WORKSPACE_ID
from eventstore import log
from eventstore.database import Connection, query


def histories_before(connection: Connection, before: UUID, limit: int) -> Mapping[UUID, Sequence[log.Recorded]]:
    """The events of so many imports with the greatest ids below that one; ids of imports grow with the time."""
    parameters = {"customer_id": WORKSPACE_ID, "before": before, "limit": limit}
    rows = connection.execute(query("eventstore", "imports"), parameters).fetchall()
    return log.load_many(connection, [row["stream_id"] for row in rows])
