"""The console's front door: signing in and out, and where the pages are."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.access import OpenStore
from api.console import (
    acts,
    agenda,
    assets,
    board,
    customer,
    customer_acts,
    customer_forgetting,
    customer_merge,
    customers,
    figures,
    find,
    home,
    import_drafts,
    lead,
    live,
    oidc,
    ticket,
    ticket_acts,
    tickets,
)
from api.console.cookies import SESSION, give_session, held, take_back
from api.console.frame import HOME, PageRoute, explain
from api.console.log import explorer, models, tail
from api.console.settings import pages as settings
from api.sessions import close_session, open_session

_LINK_IS_WORTHLESS = "It was used before, is older than an hour, or was not copied whole. Get a new one:"

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/")
def front_door() -> Response:
    """Straight to what needs attention."""
    return RedirectResponse(HOME, 303)


@router.get("/console/sign-in")
def sign_in(request: Request, store: OpenStore, token: Annotated[str, Query()] = "") -> Response:
    """Use a printed link up and open a session for it."""
    session = open_session(store, token)
    if session is None:
        return explain(request, 401, "This link does not work", _LINK_IS_WORTHLESS)
    response = RedirectResponse("/console", 303)
    close_session(store, held(request, SESSION) or "")
    give_session(request, response, session)
    return response


@router.post("/console/sign-out")
def sign_out(request: Request, store: OpenStore) -> Response:
    """End the session that the browser holds."""
    close_session(store, held(request, SESSION) or "")
    response = RedirectResponse("/console", 303)
    take_back(request, response, SESSION)
    return response


for pages in (
    assets.router,
    oidc.router,
    home.router,
    find.router,
    customers.router,
    customer_merge.router,
    customer.router,
    customer_forgetting.router,
    customer_acts.router,
    agenda.router,
    board.router,
    lead.router,
    acts.router,
    live.router,
    tickets.router,
    ticket.router,
    ticket_acts.router,
    figures.router,
    models.router,
    tail.router,
    explorer.router,
    settings.router,
    import_drafts.router,
):
    router.include_router(pages)
