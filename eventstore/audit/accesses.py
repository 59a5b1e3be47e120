"""Who has seen what is personal about a customer: noted before it is shown, and never removed."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from eventstore.database import Connection, query


@dataclass(frozen=True, slots=True)
class Access:
    """Somebody was shown what is personal about this customer, by a route or a command."""

    customer_id: UUID
    request_id: UUID
    accessed_at: datetime
    actor: Mapping[str, str]
    way: str


@dataclass(frozen=True, slots=True)
class Note:
    """That these customers are about to be shown; `way` names the route or command, without ids."""

    customers: Sequence[UUID]
    request_id: UUID
    actor_kind: str
    actor_id: UUID
    way: str


def note_accesses(connection: Connection, notes: Iterable[Note]) -> None:
    """Note them together."""
    said = [
        {
            "request_id": str(note.request_id),
            "actor": {"kind": note.actor_kind, "id": str(note.actor_id)},
            "way": note.way,
            "customers": [str(customer) for customer in note.customers],
        }
        for note in notes
        if note.customers
    ]
    if said:
        connection.execute(query("eventstore.audit", "note_accesses"), {"notes": json.dumps(said)})


def note_access_to_all(connection: Connection, request_id: UUID, actor_kind: str, actor_id: UUID, way: str) -> None:
    """Note that everybody of whom the log holds something personal is about to be shown."""
    parameters = {"request_id": request_id, "actor_kind": actor_kind, "actor_id": actor_id, "way": way}
    connection.execute(query("eventstore.audit", "note_access_to_all"), parameters)


def accesses(
    connection: Connection, customers: Sequence[UUID], limit: int, before: tuple[UUID, UUID] | None = None
) -> list[Access]:
    """The newest accesses to these customers, or those before the access of that request to that customer."""
    request_id, customer_id = before or (None, None)
    parameters = {"customers": list(customers), "limit": limit, "before": request_id, "before_customer": customer_id}
    with connection.cursor(row_factory=class_row(Access)) as cursor:
        return cursor.execute(query("eventstore.audit", "accesses").encode(), parameters).fetchall()
