"""The log as it grows, for the explorer: that there is something new which fits the filter, and no more than that."""

from typing import Annotated

from fastapi import APIRouter, Header, Request
from fastapi.security import SecurityScopes

from api.access import OpenStore
from api.console.frame import PageRoute, signed_in
from api.console.log.explorer import Asked, LogReader, Typed
from api.problems import BadParameter
from api.tail import Batch, Feed, Tail
from api.visible import judged_up_to, seen_among
from eventstore import log
from eventstore.fence import horizon

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_AT_ONCE = 1_000
_PATIENCE = 2.0


@router.get("/console/log/tail")
def tail(
    request: Request,
    store: OpenStore,
    viewer: LogReader,
    type: Typed = "",  # as it stands in the address
    noun: Typed = "",
    actor: Typed = "",
    customer: Typed = "",
    together: Typed = "",
    accept: Annotated[str, Header()] = "*/*",
) -> Tail:
    """Server-sent events, each with the position of the newest. Raises BadParameter."""
    if "text/event-stream" not in accept:  # nobody who opens the address by mistake waits for its end
        raise BadParameter("This is a stream of events for the page of the log. Open /console/log instead.")
    wanted = Asked(*(value.strip() for value in (type, noun, actor, customer, together))).wanted

    def read(after: int, head: int) -> Batch:
        with store.pool.connection() as connection:
            upto = judged_up_to(connection, viewer.sight, head)
            rows = log.explore(connection, wanted, before=upto + 1, after=after, limit=_AT_ONCE)
            seen = seen_among(connection, viewer, rows)
        return [(str(one.position), str(one.position)) for one in seen[:1]], max(after, upto)

    def must_be_allowed() -> object:
        return signed_in(SecurityScopes(["events:read"]), request, store)

    with store.pool.connection() as connection:
        head = horizon(connection, patience=_PATIENCE)
    return Tail(store, Feed(read, must_be_allowed, str), viewer.id, head, head)
