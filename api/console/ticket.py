"""A ticket's page: what was said, how it stands, what was promised and until when, and what can be done with it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from api.access import OpenStore, Principal
from api.console.frame import Notice, PageRoute, TicketViewer, page, viewers_zone
from api.console.tickets import PRIORITIES, clock_of, of_customer
from api.console.told import Names, days_of, names_of, said, to_do, who_did
from api.problems import NotFound
from api.store import Store
from api.visible import must_see, row_as_seen
from domain.merge import Absorbed, MergedInto, MergeReverted
from domain.ticket import TicketReplied
from domain.undo import standing
from eventstore import log
from eventstore.database import Connection
from eventstore.log import Recorded
from projections.customers import get_customer
from projections.leads import list_members
from projections.read_models import read_models
from projections.sight import Sight
from replay.fold import rows_at

router = APIRouter(route_class=PageRoute, include_in_schema=False)

UNKNOWN = "There is no ticket at this address."


@dataclass(frozen=True, slots=True)
class Message:
    """Something that was written: by whom, and whether the customer could read it."""

    author: str
    who: str
    body: str
    is_public: bool
    recorded: Recorded


@router.get("/console/tickets/{ticket_id}")
def show(request: Request, ticket_id: UUID, store: OpenStore, viewer: TicketViewer) -> Response:
    """The page of one ticket. Raises NotFound."""
    return show_ticket(request, store, viewer, ticket_id)


@router.get("/console/tickets/{ticket_id}/{act}")
def back_to_the_ticket(ticket_id: UUID, act: str, _: TicketViewer) -> Response:
    """Where a reload of a refused form leads."""
    return RedirectResponse(f"/console/tickets/{ticket_id}", 303)


def show_ticket(
    request: Request, store: Store, viewer: Principal, ticket_id: UUID, notice: Notice | None = None
) -> Response:
    """The page of one ticket, straight from the log, and what became of a form that was sent from it."""
    sight = viewer.sight
    with store.pool.connection() as connection:
        history = log.load(connection, ticket_id).history
        stands = standing(history)
        if not stands or stands[0].stream_type != "ticket":
            raise NotFound(UNKNOWN)
        must_see(connection, sight, "ticket", ticket_id)
        workspace = store.settled.now(connection)[0]
        (row,) = rows_at(connection, read_models()["ticket"], ticket_id, history[-1].position)
        ticket = row_as_seen(workspace, sight, "ticket", row)
        clocks = rows_at(connection, read_models()["sla_target"], ticket_id, history[-1].position)
        members = list_members(connection, sight=sight)
        customer = _customer(connection, ticket["customer_id"], viewer)
    names = names_of(workspace)
    return page(
        request,
        "ticket.html",
        notice.status if notice else 200,
        notice=notice,
        ticket=ticket,
        customer=customer,
        assignee=names.get(ticket["assignee_id"], "a former member") if ticket["assignee_id"] else None,
        clocks=[clock_of(clock) for clock in sorted(clocks, key=lambda clock: clock["position"], reverse=True)],
        messages=_messages(stands, names, sight),
        merges=_merges(stands),
        others=of_customer(store, sight, ticket["customer_id"], ticket_id),
        members=members,
        priorities=PRIORITIES,
        follow_ups=to_do(stands, names, sight),
        days=days_of(history, names, viewers_zone(request), sight),
        events=len(history),
        may_write="tickets:write" in viewer.scopes,
        now_at=datetime.now(UTC),
    )


def _customer(connection: Connection, customer_id: UUID, viewer: Principal) -> dict[str, Any] | None:  # Any: a row's
    return get_customer(connection, customer_id, sight=viewer.sight) if "customers:read" in viewer.scopes else None


def _messages(history: list[Recorded], names: Names, sight: Sight) -> list[Message]:
    """The conversation, the latest message first."""
    return [
        Message(
            author=recorded.event.author,
            who="the customer" if recorded.event.author == "customer" else who_did(recorded, names),
            body=said(recorded.event.body) if sight.personal else "(withheld)",
            is_public=recorded.event.public,
            recorded=recorded,
        )
        for recorded in reversed(history)
        if isinstance(recorded.event, TicketReplied)
    ]


def _merges(history: list[Recorded]) -> list[dict[str, UUID | bool]]:
    """The merges of this ticket that were not reverted: with which other one, and whether that one goes on."""
    found: dict[UUID, dict[str, UUID | bool]] = {}
    for recorded in history:
        match recorded.event:
            case MergedInto() as event:
                found[event.merge_id] = {"merge_id": event.merge_id, "other_id": event.survivor_id, "is_into": True}
            case Absorbed() as event:
                found[event.merge_id] = {"merge_id": event.merge_id, "other_id": event.merged_id, "is_into": False}
            case MergeReverted() as event:
                found.pop(event.merge_id, None)
    return list(found.values())
