"""What all pages share: the frame around them, who is signed in, and what a browser is told about them."""

import gzip
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import Request, Response, Security
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from fastapi.security import SecurityScopes
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api import underway
from api.access import OpenStore, Principal, principal_of_member
from api.console import shown
from api.console.assets import asset
from api.console.cookies import SESSION, held
from api.problems import RequestProblem
from api.sessions import session_member
from api.store import Store
from eventstore.database import UNAVAILABLE, DatabaseUnavailable
from eventstore.fence import StuckWriter

ZONE_COOKIE = "everfold_zone"
"""Names the viewer's time zone, as the browser knows it."""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_WORTH_PACKING = 1_000
_UNAVAILABLE: tuple[type[Exception], ...] = (StuckWriter, DatabaseUnavailable, *UNAVAILABLE)


class Typed(dict[str, str]):
    """What was typed into a form's fields; empty where nothing was."""

    def __missing__(self, _: str) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class Room:
    """An entry of the navigation: what it is called, the letter that leads there after g, and what lies in it."""

    name: str
    address: str
    key: str
    parts: tuple[str, ...] = ()
    scope: str | None = None
    """What it takes to go there; to who lacks it the entry is not shown."""

    def holds(self, path: str) -> bool:
        """Whether the page at this path is one of the room's; all others lie below the address of the first."""
        if self.address == HOME:
            return path == HOME
        return any(path == part or path.startswith(f"{part}/") for part in (self.address, *self.parts))


HOME = "/console"

ROOMS = (
    Room("Home", HOME, "h"),
    Room("Customers", "/console/customers", "c", scope="customers:read"),
    Room("Pipeline", "/console/pipeline", "p", ("/console/leads",), "leads:read"),
    Room("Tickets", "/console/tickets", "t", scope="tickets:read"),
    Room("Agenda", "/console/agenda", "a", scope="customers:read"),
    Room("Figures", "/console/kpis", "f", scope="kpis:read"),
    Room("Log", "/console/log", "l", scope="events:read"),
    Room("Import", "/console/imports", "i", scope="imports:read"),
    Room("Settings", "/console/settings", "s", scope="settings:read"),
    Room("API", "/docs", "d"),
)


@dataclass(frozen=True, slots=True)
class Notice:
    """What a page says about the form that was just sent: what became of it, which one, what was typed into it, and
    the version of the lead that it was filled in for."""

    status: int
    text: str
    act: str = ""
    typed: Typed = field(default_factory=Typed)
    version: int | None = None


class NotSignedInHere(RequestProblem):
    """You are not signed in, or it is too long ago that you did something here."""

    status, title = 401, "Sign in"


class SentFromElsewhere(RequestProblem):
    """This form was not sent from a page of this console, so nothing was done. Send it from the console itself."""

    status, title = 403, "Not from here"


class PageRoute(APIRoute):
    """A route that answers with a page also where it refuses, and takes forms only from its own pages."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:  # Any: as Starlette has it
        """The route's handler inside the frame."""
        serve = super().get_route_handler()

        async def framed(request: Request) -> Response:
            try:
                if request.method == "POST":
                    _must_come_from_here(request)
                response = await serve(request)
            except RequestProblem as problem:
                response = explain(request, problem.status, problem.title, str(problem))
            except RequestValidationError as error:
                response = _unreadable(request, error)
            except _UNAVAILABLE:
                response = explain(request, 503, "One moment", "The database does not answer. Try again shortly.")
            return _finished(request, response)

        return framed


def signed_in(scopes: SecurityScopes, request: Request, store: OpenStore) -> Principal:
    """The member whose session the browser holds. Raises NotSignedInHere, or NotAllowed when none of her roles has a
    scope that the page asks for."""
    member = still_signed_in(request, store, *scopes.scopes, is_use=True)
    underway.belongs_to(
        member.id, member.kind, limited=False
    )  # people are slow, and their pages may ask for much at once
    return member


def still_signed_in(request: Request, store: Store, *scopes: str, is_use: bool = False) -> Principal:
    """The same during an answer that goes on for long, which keeps no session from ending."""
    token = held(request, SESSION)
    member_id = session_member(store, token, is_use=is_use) if token else None
    if member_id is None:
        raise NotSignedInHere()
    with store.pool.connection() as connection:
        member = principal_of_member(store, connection, member_id)
    member.must(*scopes)
    request.state.scopes = member.scopes
    return member


LeadViewer = Annotated[Principal, Security(signed_in, scopes=["leads:read"])]
LeadEditor = Annotated[Principal, Security(signed_in, scopes=["leads:read", "leads:write"])]
CustomerViewer = Annotated[Principal, Security(signed_in, scopes=["customers:read"])]
CustomerEditor = Annotated[Principal, Security(signed_in, scopes=["customers:read", "customers:write"])]
TicketViewer = Annotated[Principal, Security(signed_in, scopes=["tickets:read"])]
TicketEditor = Annotated[Principal, Security(signed_in, scopes=["tickets:read", "tickets:write"])]
Worker = Annotated[
    Principal, Security(signed_in, scopes=["customers:read", "customers:write", "leads:write", "tickets:write"])
]
"""Whoever may act on all that a follow-up can be of."""
KpiViewer = Annotated[Principal, Security(signed_in, scopes=["kpis:read"])]
EventViewer = Annotated[Principal, Security(signed_in, scopes=["kpis:read", "events:read"])]


def viewers_zone(request: Request) -> ZoneInfo:
    """The zone in which whoever looks thinks of days and hours; UTC until the browser has told."""
    try:
        return ZoneInfo(request.cookies.get(ZONE_COOKIE, "UTC"))
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a cookie can hold anything, also the name of a folder
        return ZoneInfo("UTC")


def page(request: Request, template: str, status: int = 200, **values: object) -> HTMLResponse:
    """A page from its template; `values` are what the template shows."""
    frame = {
        "here": request.url.path,
        "rooms": [room for room in ROOMS if room.scope is None or room.scope in _scopes(request)],
        "viewers_zone": viewers_zone(request),
        "may_sign_out": held(request, SESSION) is not None,
        "form_key": secrets.token_urlsafe(12),  # one per page shown: a form sent twice from it acts once
        "now": datetime.now(UTC),
        "base": str(request.base_url).rstrip("/"),
        "nothing_typed": Typed(),
    }
    return HTMLResponse(_templates.get_template(template).render(frame | values), status)


def explain(request: Request, status: int, title: str, detail: str) -> HTMLResponse:
    """A page that says what went wrong and what to do about it."""
    has_service = _store(request).settings.oidc_client_id is not None
    return page(
        request, "problem.html", status, title=title, detail=detail, unsigned=status == 401, has_service=has_service
    )


def _scopes(request: Request) -> frozenset[str]:
    """Of whoever is signed in, as far as that was asked."""
    scopes: frozenset[str] = getattr(request.state, "scopes", frozenset())
    return scopes


def _store(request: Request) -> Store:
    store: Store = request.app.state.store
    return store


def _must_come_from_here(request: Request) -> None:
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site == "same-origin":
        return
    host, public = request.headers.get("host"), _store(request).settings.public_url
    ours = [f"http://{host}", f"https://{host}", *([public.rstrip("/")] if public else [])]
    if site in (None, "none") and origin in ours:
        return
    raise SentFromElsewhere()


def _unreadable(request: Request, error: RequestValidationError) -> Response:
    if any(found["loc"][0] == "path" for found in error.errors()):
        return explain(request, 404, "Not found", "There is nothing at this address.")
    names = sorted({str(found["loc"][-1]) for found in error.errors()})
    detail = f"Something is missing or does not have the form it should have: {', '.join(names)}."
    return explain(request, 422, "Not understood", detail)


def _finished(request: Request, response: Response) -> Response:
    headers = {
        "Content-Security-Policy": _POLICY,
        # a link's token never leaves; elsewhere no-referrer would make browsers hide a form's origin from ourselves too
        "Referrer-Policy": "no-referrer" if request.query_params.keys() & {"token", "code"} else "same-origin",
    }
    body = getattr(response, "body", b"")  # one that is sent piece by piece has none
    packs = "gzip" in request.headers.get("accept-encoding", "") and len(body) > _WORTH_PACKING
    if packs:
        response.body = gzip.compress(body, 6, mtime=0)
        headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding", "Content-Length": str(len(response.body))}
    response.headers.update(headers)
    return response


_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals["asset"] = asset
_templates.filters.update(
    (convert.__name__, convert)
    for convert in (
        shown.age,
        shown.amount,
        shown.day,
        shown.decimal,
        shown.exact,
        shown.figure,
        shown.flag,
        shown.hours,
        shown.marked,
        shown.minute,
        shown.minutely,
        shown.money,
        shown.number,
        shown.percent,
        shown.seconds,
        shown.size,
        shown.tick,
        shown.whole,
        shown.words,
    )
)
