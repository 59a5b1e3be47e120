"""A lead's page: how it stands, what can be done with it, and everything that happened, in words."""

from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from api.access import OpenStore, Principal
from api.console.frame import LeadViewer, Notice, PageRoute, page, viewers_zone
from api.console.told import days_of, names_of, people_of, to_do
from api.problems import NotFound
from api.store import Store
from api.visible import sees
from api.write import lead_at
from domain.undo import standing
from domain.workspace import DEFAULT_PIPELINE
from eventstore import log
from projections import leads as lead_lists
from projections.customers import rows_of

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_MOST_PEOPLE = 200


@router.get("/console/leads/{lead_id}")
def show(request: Request, lead_id: UUID, store: OpenStore, viewer: LeadViewer) -> Response:
    """The page of one lead. Raises NotFound."""
    return show_lead(request, store, viewer, lead_id)


@router.get("/console/leads/{lead_id}/{act}")
def back_to_the_lead(lead_id: UUID, act: str, _: LeadViewer) -> Response:
    """Where a reload of a refused form leads."""
    return RedirectResponse(f"/console/leads/{lead_id}", 303)


def show_lead(
    request: Request, store: Store, viewer: Principal, lead_id: UUID, notice: Notice | None = None
) -> Response:
    """The page of one lead, straight from the log, and what became of a form that was sent from it. Raises NotFound."""
    with store.pool.connection() as connection:
        history = log.load(connection, lead_id).history
        stands = standing(history)
        is_lead = bool(stands) and stands[0].stream_type == "lead"
        if not is_lead or not sees(connection, viewer.sight, "lead", lead_id):
            raise NotFound("There is no lead at this address.")
        workspace = store.settled.now(connection)[0]
        lead = lead_at(connection, workspace, viewer.sight, lead_id, history[-1].position)
        row = lead_lists.get_lead(connection, lead_id, sight=viewer.sight)
        members = lead_lists.list_members(connection, sight=viewer.sight)
        people = rows_of(connection, "contact_person", [history[0].customer_id], _MOST_PEOPLE, sight=viewer.sight)
    names = names_of(workspace) | people_of(people)
    pipeline = workspace.pipelines.get(lead.pipeline or DEFAULT_PIPELINE.name)
    return page(
        request,
        "lead.html",
        notice.status if notice else 200,
        notice=notice,
        lead=lead,
        customer=row and row["customer_name"],
        customer_id=row["customer_id"] if row else history[0].customer_id,
        owner=names.get(lead.owner_id, "a former member") if lead.owner_id else None,
        stages=[stage.name for stage in pipeline.stages] if pipeline else [],
        members=members,
        follow_ups=to_do(stands, names, viewer.sight),
        days=days_of(history, names, viewers_zone(request), viewer.sight),
        events=len(history),
    )
