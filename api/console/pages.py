"""The console's front door: signing in and out, where the pages are, and their style sheet."""

from typing import Annotated

from fastapi import APIRouter, FastAPI, Query, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles

from api.access import OpenStore, close_session, open_session
from api.console import acts, board, figures, lead
from api.console.frame import ASSETS, OPERATOR_ID, SESSION_COOKIE, PageRoute, explain

__all__ = ["OPERATOR_ID", "mount_assets", "router"]

_LINK_IS_WORTHLESS = "It was used before, is older than an hour, or was not copied whole. Get a new one:"

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/")
def home() -> Response:
    """Straight to the board."""
    return RedirectResponse("/console", 303)


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


def mount_assets(app: FastAPI) -> None:
    """Serve the style sheet; its address changes with its content, so a browser may keep it."""
    app.mount("/console/static", _Assets(directory=ASSETS), name="console assets")


class _Assets(StaticFiles):
    async def get_response(self, path: str, scope: object) -> Response:
        response = await super().get_response(path, scope)  # type: ignore[arg-type]  # Starlette's Scope
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


for pages in (board.router, lead.router, acts.router, figures.router):
    router.include_router(pages)
