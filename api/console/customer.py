"""A customer's page: all that is known of her, or was at any moment of the past, with everything that happened."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, get_args
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.access import OpenStore, Principal
from api.console.customer_then import When, customer_then, moment_typed
from api.console.customer_timeline import KINDS, Asked, timeline
from api.console.forgetting import erasure, people_to_forget, requests_seen
from api.console.frame import CustomerViewer, Notice, PageRoute, page, viewers_zone
from api.console.told import names_of, people_of, told
from api.fresh import at_least
from api.past import Axis
from api.problems import NotFound
from api.store import Store
from api.visible import must_see
from domain.customer.contact_persons import BuyingRole
from domain.customer.state import RequestBasis
from domain.event import CustomerId
from domain.workspace import WORKSPACE_ID, Workspace
from eventstore import log
from eventstore.audit.latest import latest
from eventstore.audit.shown import WITHHELD, change_shown
from eventstore.audit.trail import Cut, Trail, whose
from eventstore.database import Connection
from eventstore.fence import horizon
from projections import leads as lead_lists
from projections import showing
from projections.customers import TABLES
from projections.reading import Row
from replay.asof import models_of

router = APIRouter(prefix="/console/customers", route_class=PageRoute, include_in_schema=False)

_NO_SUCH = "There is no customer at this address, or she is not yours to see."
_MERGED = "Whom you asked for was merged into this customer. Move the slider back to see her as she was."
_READ = (*TABLES, "customer_alias", "consent", "lead", "ticket", "follow_up", "purchase")


@dataclass(frozen=True, slots=True)
class Change:
    """A field that an event touched, for people to read."""

    field: str
    before: str
    after: str


@router.get("/{customer_id}")
def show(
    request: Request,
    customer_id: UUID,
    store: OpenStore,
    viewer: CustomerViewer,
    as_of: Annotated[str, Query(max_length=40)] = "",
    axis: Axis = "recorded",
    kind: Annotated[str, Query(max_length=40)] = "",
    by: Annotated[str, Query(max_length=40)] = "",
    before: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    position: Annotated[int | None, Query(ge=0, le=2**63 - 1)] = None,
    merged: Annotated[UUID | None, Query()] = None,
) -> Response:
    """The page of one customer. Raises NotFound, BadParameter."""
    at_least(store, models_of(_READ), position)
    notice = Notice(200, _MERGED) if merged else None
    return show_customer(
        request, store, viewer, customer_id, notice, as_of=as_of, axis=axis, asked=Asked(kind, by, before)
    )


def show_customer(
    request: Request,
    store: Store,
    viewer: Principal,
    customer_id: UUID,
    notice: Notice | None = None,
    *,
    as_of: str = "",
    axis: Axis = "recorded",
    asked: Asked | None = None,
) -> Response:
    """The page of one customer at a moment, and what became of a form that was sent from it; who was merged is, now,
    whom she lives on in. Raises NotFound, BadParameter."""
    zone, asked = viewers_zone(request), asked or Asked()
    with store.pool.connection() as connection:
        must_be_hers_to_see(connection, viewer, customer_id)
        now = log.now(connection)
        when = When(moment_typed(as_of, zone, now), axis)
        workspace = store.settled.now(connection)[0]
        then = customer_then(connection, customer_id, when, viewer.sight, workspace)
        if when.as_of is None and request.method == "GET" and then.customer_id != customer_id:
            return RedirectResponse(f"/console/customers/{then.customer_id}?merged={customer_id}", 303)
        showing.show(then.people.members if viewer.sight.personal else ())
        names = names_of(workspace)
        others = {other_id: name for other_id, name in then.names.items() if name}
        known = names | people_of(then.parts["people"]) | others
        history = timeline(connection, then, asked, known, viewer.sight, zone)
        requests = requests_seen(connection, viewer, names, then.people.members) if when.as_of is None else []
        erased = erasure(connection, then.people, then.cut, names, viewer, then.row)
        members = lead_lists.list_members(connection, sight=viewer.sight)
    may_write = "customers:write" in viewer.scopes and when.as_of is None and erased is None
    first = (then.extent.first_at or now).date()
    return page(
        request,
        "customer.html",
        notice.status if notice else 200,
        notice=notice,
        customer_id=then.customer_id,
        then=then,
        row=then.row,
        may_write=may_write,
        may_forget=may_write and "forget:write" in viewer.scopes,
        may_approve=may_write and "forget:approve" in viewer.scopes,
        requests=requests,
        erased=erased,
        forgettable=people_to_forget(then.parts["people"]) if then.row else (),
        bases=get_args(RequestBasis),
        may_audit="audit:read" in viewer.scopes,
        names=names,
        members=members,
        roles=get_args(BuyingRole),
        finding=then.finding and told(then.finding, known, viewer.sight, is_undone=False),
        fields=_custom_fields(workspace, then.row),
        timeline=history,
        kinds=KINDS,
        as_of=as_of if when.as_of else "",
        axis=axis,
        at=when.as_of,
        first_day=first,
        first_number=_number(first),
        last_number=_number(now.date()),
        at_number=_number((when.as_of or now).astimezone(zone).date()),
        query=_query(as_of if when.as_of else "", axis, asked),
    )


@router.get("/{customer_id}/events/{position}")
def show_event(
    request: Request, customer_id: UUID, position: int, store: OpenStore, viewer: CustomerViewer
) -> Response:
    """One event of her history: what it touched, before and after, for who may audit; and the event as the API has it.
    Raises NotFound."""
    with store.pool.connection() as connection:
        must_be_hers_to_see(connection, viewer, customer_id)
        cut = Cut(horizon(connection))
        people = whose(connection, customer_id, cut.horizon)
        found = latest(connection, people, cut, 1, position=position)
        if not found:
            raise NotFound("There is no such event in this customer's history.")
        recorded, is_undone = found[0]
        must_see(connection, viewer.sight, recorded.stream_type, recorded.stream_id)
        showing.show(people.members if viewer.sight.personal else ())
        names = names_of(store.settled.now(connection)[0])
    changes = None
    if "audit:read" in viewer.scopes:
        entry = next(iter(Trail(store.pool.connection, people, cut, position - 1, 1)))
        shown = (change_shown(change, personal=viewer.sight.personal) for change in entry.changes)
        changes = [Change(one["field"], _value(one["before"]), _value(one["after"])) for one in shown]
    one = told(recorded, names, viewer.sight, is_undone=is_undone)
    return page(request, "customer_event.html", customer_id=customer_id, one=one, changes=changes)


def must_be_hers_to_see(connection: Connection, viewer: Principal, customer_id: UUID) -> None:
    """Raises NotFound when nothing was ever recorded of the customer, or nothing that the viewer may see."""
    if customer_id == WORKSPACE_ID or not log.has_customer(connection, CustomerId(customer_id)):
        raise NotFound(_NO_SUCH)
    must_see(connection, viewer.sight, "customer", customer_id)


def _custom_fields(workspace: Workspace, row: Row | None) -> list[tuple[str, str]]:
    """What the workspace's own fields hold of her, by their labels."""
    values: Mapping[str, object] = row["custom_fields"] if row else {}
    labels = {str(one.field_id): one.label for one in workspace.custom_fields.values() if one.noun == "customer"}
    return [(labels.get(name, name), _value(value)) for name, value in values.items() if value is not None]


def _value(value: object) -> str:
    """A value of an event or a field, as text."""
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case str():
            return value
        case dict() if value == WITHHELD:
            return "withheld"
        case dict() if value.get("forgotten") is True:
            return "(forgotten)"
        case _:
            return json.dumps(value, ensure_ascii=False, default=str)


def _number(day: date) -> int:
    """A day as a slider counts them: since 1 January 1970."""
    return (day - date(1970, 1, 1)).days


def _query(as_of: str, axis: Axis, asked: Asked) -> str:
    """What the address says of the moment and the filter, to go on from."""
    said = {"as_of": as_of, "axis": axis if as_of else "", "kind": asked.kind, "by": asked.by}
    return urlencode({name: value for name, value in said.items() if value})
