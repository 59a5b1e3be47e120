"""Who has seen what is personal about a customer: noted before it is shown, and never removed."""

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


def note_access(
    connection: Connection,
    customers: Iterable[UUID],
    request_id: UUID,
    actor_kind: str,
    actor_id: UUID,
    way: str,
    *,
    is_brief: bool = False,
) -> None:
    """Note that these customers are about to be shown. `way` names the route or command, without ids. What `is_brief`,
    a page or a list, is not waited for until it lies on the disk."""
    parameters = {"customers": sorted(customers), "request_id": request_id, "way": way, "is_brief": is_brief}
    parameters |= {"actor_kind": actor_kind, "actor_id": actor_id}
    connection.execute(query("eventstore.audit", "note_access"), parameters)


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
