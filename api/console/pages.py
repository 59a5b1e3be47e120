"""The console's front door: signing in and out, and where the pages are."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.access import OpenStore, close_session, open_session
from api.console import acts, assets, board, figures, lead
from api.console.frame import OPERATOR_ID, SESSION_COOKIE, PageRoute, explain

__all__ = ["OPERATOR_ID", "router"]

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
    session = open_session(store, token, OPERATOR_ID)
    if session is None:
        return explain(request, 401, "This link does not work", _LINK_IS_WORTHLESS)
    response = RedirectResponse("/console", 303)
    secure = request.url.scheme == "https"
    response.set_cookie(SESSION_COOKIE, session, path="/", httponly=True, samesite="strict", secure=secure)
    return response


@router.post("/console/sign-out")
def sign_out(request: Request, store: OpenStore) -> Response:
    """End the session that the browser holds."""
    close_session(store, request.cookies.get(SESSION_COOKIE, ""))
    response = RedirectResponse("/console", 303)
    response.delete_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="strict")
    return response


for pages in (assets.router, board.router, lead.router, acts.router, figures.router):
    router.include_router(pages)
