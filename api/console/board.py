"""The pipeline board: a column per stage with its sums and cards, as it is or as it stood at a moment that has passed,
what was closed last and why leads were lost, and a form for a new lead."""

from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.access import OpenStore, Principal
from api.console import live
from api.console.board_asked import AskedBoard
from api.console.columns import columns, totals
from api.console.frame import LeadViewer, Notice, PageRoute, page, viewers_zone
from api.fresh import at_least
from api.problems import BadParameter, NotUpToDate
from api.store import Store
from domain.pipeline import Pipeline
from domain.workspace import DEFAULT_PIPELINE, Workspace
from eventstore.database import Connection
from projections import leads
from projections.read_models import read_models
from projections.reading import Row
from projections.sight import Sight

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_CARDS_PER_STAGE = 16
_CARDS_AT_MOST = 400
_CLOSED_SHOWN = 8
_CURRENCY_AT_FIRST = "EUR"
_EPOCH = date(1970, 1, 1)


@router.get("/console/pipeline")
def show(request: Request, store: OpenStore, viewer: LeadViewer, asked: Annotated[AskedBoard, Query()]) -> Response:
    """The board as of now, after a write at least as new as that; or as it stood at a moment that has passed."""
    return show_board(request, store, viewer, asked)


@router.get("/console/leads")
def back_to_the_board(_: LeadViewer) -> Response:
    """Where a reload of a refused form leads."""
    return RedirectResponse("/console/pipeline", 303)


def show_board(
    request: Request, store: Store, viewer: Principal, asked: AskedBoard, *, notice: Notice | None = None
) -> Response:
    """The board with the leads that were asked for, and what became of a form that was sent from it."""
    now, zone = datetime.now(UTC), viewers_zone(request)
    at = asked.moment(zone, now)
    notice = notice or _waited(store, asked.position)
    with store.pool.connection() as connection:
        shown_up_to = live.shown_up_to(connection, "lead")  # before the leads are read: nothing is missed after them
        workspace = store.settled.now(connection)[0]
        pipeline = _pipeline(workspace, asked.pipeline)
        shown = _read(connection, asked, at, now, viewer.sight, pipeline)
        span = leads.span(connection, now, sight=viewer.sight)
    return page(
        request,
        "board.html",
        notice.status if notice else 200,
        notice=notice,
        asked=asked,
        at=at,
        now_query=asked.model_copy(update={"as_of": ""}).query,
        all_query=asked.model_copy(update={"all": True}).query,
        stages=[stage.name for stage in pipeline.stages],
        slider=_slider(span, at, now),
        pipelines=sorted({DEFAULT_PIPELINE.name, *workspace.pipelines}),
        shown_up_to=shown_up_to,
        may_write=at is None and "leads:write" in viewer.scopes,
        **shown,
    )


def _read(
    connection: Connection, asked: AskedBoard, at: datetime | None, now: datetime, sight: Sight, pipeline: Pipeline
) -> dict[str, object]:
    """All that the board shows of leads."""
    which, limit = asked.shown, _CARDS_AT_MOST if asked.all else _CARDS_PER_STAGE
    sums = leads.stages(connection, which, at, sight=sight)
    cards = leads.board(connection, which, at, limit=limit, sight=sight)
    stays = leads.usual_stays(connection, which.pipeline, at or now, sight=sight)
    choices = leads.board_filters(connection, sight=sight)
    in_all = totals(sums)
    return {
        "columns": columns(pipeline, sums, cards, stays, at or now),
        "leads": sum(row["leads"] for row in sums),
        "totals": in_all,
        "currency": in_all[0].currency if in_all else _CURRENCY_AT_FIRST,
        "closed": [] if at else leads.recently_closed(connection, which, limit=_CLOSED_SHOWN, sight=sight),
        "reasons": leads.lost_reasons(connection, which, at or now, sight=sight),
        "members": leads.list_members(connection, sight=sight),
        "teams": sorted({*choices["teams"], *filter(None, [asked.team])}),
        "sources": sorted({*choices["sources"], *filter(None, [asked.source])}),
        "as_seen": at or now,
    }


def _pipeline(workspace: Workspace, name: str) -> Pipeline:
    """Raises BadParameter for one that was never published."""
    if name != DEFAULT_PIPELINE.name and name not in workspace.pipelines:
        raise BadParameter("There is no such pipeline. Choose one on the board.")
    return workspace.pipeline(name)


def _slider(span: tuple[datetime, datetime] | None, at: datetime | None, now: datetime) -> Row | None:
    """The days from the first lead until today, as a slider counts them; None while there are fewer than two."""
    first = _day(span[0]) if span else _day(now)
    last = _day(now)
    return {"min": first, "max": last, "value": _day(at) if at else last} if first < last else None


def _day(moment: datetime) -> int:
    return (moment.date() - _EPOCH).days


def _waited(store: Store, position: int | None) -> Notice | None:
    try:
        at_least(store, read_models().values(), position)
    except (NotUpToDate, BadParameter) as problem:
        return Notice(200, f"Your change is recorded, but the board does not show it yet: {problem}")
    return None
