"""What pages show of requests to forget somebody: who asked, why, and whether the viewer may be the second person."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from api.access import Principal
from api.commands.forgetting import behind
from api.console.shown import words
from api.console.told import Names, Told, said, told, who_did
from api.visible import sees
from domain.customer import CustomerForgettingRequested
from eventstore.audit.latest import latest
from eventstore.audit.trail import Cut, Whose
from eventstore.database import Connection
from eventstore.erasure.forgetting import open_requests


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A request on which nobody has decided yet; `is_own` where the viewer stands behind it herself."""

    customer_id: UUID
    person_id: UUID | None
    basis: str
    reason: str | None
    who: str
    at: datetime
    is_own: bool


def requests_seen(
    connection: Connection, viewer: Principal, names: Names, customer_ids: Collection[UUID] | None = None
) -> list[OpenRequest]:
    """Those about these customers, or about anybody whom the viewer may see, the oldest first."""
    asked = open_requests(connection, customer_ids)
    asked = [one for one in asked if sees(connection, viewer.sight, "customer", one.customer_id)]
    hers = behind(connection, viewer.id) if asked else frozenset[UUID]()
    found = []
    for one in asked:
        assert isinstance(one.event, CustomerForgettingRequested)
        reason = one.event.reason
        request = OpenRequest(
            customer_id=one.customer_id,
            person_id=one.event.person_id,
            basis=words(one.event.legal_basis),
            reason=said(reason) if reason and viewer.sight.personal else None,
            who=who_did(one, names),
            at=one.occurred_at,
            is_own=not hers.isdisjoint(behind(connection, UUID(one.actor["id"]))),
        )
        found.append(request)
    return found


def erasure(
    connection: Connection, people: Whose, cut: Cut, names: Names, viewer: Principal, row: Mapping[str, object] | None
) -> Told | None:
    """That she was forgotten, if she was."""
    if row is None or row["status"] != "forgotten":
        return None
    found = latest(connection, people, cut, 1, types=("customer.forgotten",))
    return told(found[0][0], names, viewer.sight, is_undone=False) if found else None


def people_to_forget(people: Sequence[Mapping[str, object]]) -> list[Mapping[str, object]]:
    """Contact persons who have not been forgotten yet, also such as were removed."""
    return [person for person in people if person["name"]]
