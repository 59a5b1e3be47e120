"""Tells an open page that what it shows has changed: server-sent events named `changed`, with nothing in them. The page
then fetches itself, and so shows no more than its viewer may see."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request

from api.access import OpenStore, Principal
from api.console.frame import LeadViewer, PageRoute, TicketViewer, still_signed_in
from api.problems import RequestProblem
from api.store import Store
from api.tail import Batch, Feed, Tail
from api.visible import judged_up_to, read_seen
from domain.catalogue import EVENT_TYPES
from eventstore.database import Connection
from projections.read_models import read_models
from replay.follow import position

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_AT_ONCE = 100


class NoStreamAsked(RequestProblem):
    """This is a stream of events for open pages. There is nothing to look at here."""

    status, title = 406, "Not a page"


@dataclass(frozen=True, slots=True)
class Listening:
    """An open page: where it stands in the log, as it was made or as it was last told."""

    request: Request
    store: Store
    after: int | None


def listening(
    request: Request,
    store: OpenStore,
    accept: Annotated[str, Header()] = "",
    after: Annotated[int | None, Query(ge=0, le=2**63 - 1, description="The position that the page shows.")] = None,
    last_event_id: Annotated[str, Header(max_length=20)] = "",
) -> Listening:
    """What a stream begins with. Raises NoStreamAsked."""
    if "text/event-stream" not in accept:
        raise NoStreamAsked()
    is_told = last_event_id.isascii() and last_event_id.isdigit()
    return Listening(request, store, int(last_event_id) if is_told else after)


Open = Annotated[Listening, Depends(listening)]


@router.get("/console/live/leads")
def leads(viewer: LeadViewer, page: Open) -> Tail:
    """Whenever something happens to leads."""
    return _tail(page, viewer, "lead", "leads:read")


@router.get("/console/live/tickets")
def tickets(viewer: TicketViewer, page: Open) -> Tail:
    """Whenever something happens to tickets."""
    return _tail(page, viewer, "ticket", "tickets:read")


def shown_up_to(connection: Connection, noun: str) -> int:
    """The position up to which a page shows what happened to leads or tickets."""
    return position(connection, read_models()[noun])


def _tail(page: Listening, viewer: Principal, noun: str, scope: str) -> Tail:
    with page.store.pool.connection() as connection:
        head = shown_up_to(connection, noun)
    read = _reading(page.store, viewer, noun)
    feed = Feed(read, lambda: still_signed_in(page.request, page.store, scope), str, "changed")
    return Tail(page.store, feed, viewer.id, head if page.after is None else min(page.after, head), head)


def _reading(store: Store, viewer: Principal, noun: str) -> Callable[[int, int], Batch]:
    """Whether something happened between two positions, as soon as the pages show it."""
    types = [name for name in EVENT_TYPES if name.startswith(f"{noun}.")]

    def read(after: int, head: int) -> Batch:
        with store.pool.connection() as connection:
            upto = min(judged_up_to(connection, viewer.sight, head), shown_up_to(connection, noun))
            if upto <= after:
                return [], after
            found, last, _ = read_seen(connection, viewer, after=after, head=upto, limit=_AT_ONCE, types=types)
        return [(str(last), "{}")] if found else [], last

    return read
