"""The console's front door: signing in and out, and where the pages are."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.access import OpenStore
from api.console import acts, assets, board, figures, lead, oidc
from api.console.cookies import SESSION, give_session, held, take_back
from api.console.frame import PageRoute, explain
from api.sessions import close_session, open_session

_LINK_IS_WORTHLESS = "It was used before, is older than an hour, or was not copied whole. Get a new one:"

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/")
@router.get("/console")
def home() -> Response:
    """Straight to the board."""
    return RedirectResponse("/console/pipeline", 303)


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


for pages in (assets.router, oidc.router, board.router, lead.router, acts.router, figures.router):
    router.include_router(pages)
