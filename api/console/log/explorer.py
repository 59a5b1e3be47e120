"""The event explorer: the whole log, the newest first, by type, record, actor, customer, correlation and period."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response, Security

from api.access import OpenStore, Principal
from api.console.actors import actors, named
from api.console.frame import PageRoute, page, signed_in, viewers_zone
from api.console.shown import words
from api.events import event_resource
from api.problems import BadParameter
from api.visible import is_open, judged_up_to, seen_among
from domain.catalogue import EVENT_TYPES
from eventstore import log
from eventstore.database import Connection
from eventstore.fence import horizon
from eventstore.log import Recorded, Wanted
from eventstore.moments import position_at
from eventstore.trouble import Trouble

router = APIRouter(route_class=PageRoute, include_in_schema=False)

LogReader = Annotated[Principal, Security(signed_in, scopes=["events:read"])]

NOUNS = tuple(sorted({name.partition(".")[0] for name in EVENT_TYPES}))

_SHOWN = 50
_AT_ONCE = 1_000
_WINDOW = 100_000
"""Positions that are searched at once, where no index leads to what is looked for."""
_WINDOWS = 5
_PATIENCE = 2.0


@dataclass(frozen=True, slots=True)
class Found:
    """An event as the list tells it."""

    recorded: Recorded
    sentence: str
    who: str
    raw: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed into the filter, as it was typed."""

    type: str = ""
    noun: str = ""
    actor: str = ""
    customer: str = ""
    together: str = ""
    since: str = ""
    until: str = ""

    @property
    def query(self) -> str:
        """As the part of an address behind the question mark, without what was left empty."""
        return urlencode({name: value for name, value in asdict(self).items() if value})

    @property
    def wanted(self) -> Wanted:
        """Raises BadParameter, for an id that is none and names that nothing has."""
        if self.type and self.type not in EVENT_TYPES:
            raise BadParameter("There is no event type of that name. The list beside the field has all of them.")
        if self.noun and self.noun not in NOUNS:
            raise BadParameter(f"There are no such records. There are: {', '.join(NOUNS)}.")
        actor = _id(self.actor, "Who did it")
        return Wanted(
            type=self.type or None,
            noun=self.noun or None,
            actor_id=str(actor) if actor else None,
            customer_id=_id(self.customer, "Customer"),
            correlation_id=_id(self.together, "Done together"),
        )


Typed = Annotated[str, Query(max_length=200)]


@router.get("/console/log")
def show(
    request: Request,
    store: OpenStore,
    viewer: LogReader,
    type: Typed = "",  # as it stands in the address
    noun: Typed = "",
    actor: Typed = "",
    customer: Typed = "",
    together: Typed = "",
    since: Typed = "",
    until: Typed = "",
    before: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    live: bool = False,
) -> Response:
    """A page of the log, from the newest on or from a position backwards."""
    asked = Asked(*(value.strip() for value in (type, noun, actor, customer, together, since, until)))
    with store.pool.connection() as connection:
        workspace = store.settled.now(connection)[0]
        names = actors(workspace, personal=viewer.sight.personal)
        events, following, problem = _asked_for(connection, viewer, asked, before, viewers_zone(request))
    return page(
        request,
        "log.html",
        422 if problem else 200,
        problem=problem,
        asked=asked,
        events=[_found(event, viewer, names) for event in events],
        following=following,
        before=before,
        live=live and before is None,
        types=[name for name in EVENT_TYPES if is_open(viewer.scopes, name.partition(".")[0])],
        nouns=[name for name in NOUNS if is_open(viewer.scopes, name)],
        names=sorted(names.items(), key=lambda one: one[1].casefold()) if viewer.sight.personal else [],
        may_upkeep="metrics:read" in viewer.scopes,
    )


def _asked_for(
    connection: Connection, viewer: Principal, asked: Asked, before: int | None, zone: ZoneInfo
) -> tuple[Sequence[Recorded], int | None, str | None]:
    """The events, where the next page begins, and what is wrong with what was asked."""
    try:
        wanted = asked.wanted
        head = judged_up_to(connection, viewer.sight, horizon(connection, patience=_PATIENCE))
        last = position_at(connection, _moment(asked.until, zone)) if asked.until else head
        floor = position_at(connection, _moment(asked.since, zone)) if asked.since else 0
    except (BadParameter, Trouble) as problem:
        return (), None, str(problem)
    start = min(head, last) + 1
    return *_search(connection, viewer, wanted, min(start, before or start), floor), None


def _search(
    connection: Connection, viewer: Principal, wanted: Wanted, before: int, floor: int
) -> tuple[Sequence[Recorded], int | None]:
    """Those that she may see, and where to go on: a search that finds little ends before it has seen everything."""
    narrow = viewer.sight.records != "all"
    chunk = _AT_ONCE if narrow else _SHOWN + 1
    is_indexed = bool(wanted.customer_id or wanted.correlation_id) or wanted == Wanted()
    found, at = list[Recorded](), before
    for _ in range(_WINDOWS):
        after = floor if is_indexed else max(floor, at - _WINDOW)
        rows = log.explore(connection, wanted, before=at, after=after, limit=chunk)
        found += seen_among(connection, viewer, rows)
        if len(found) > _SHOWN:
            return found[:_SHOWN], found[_SHOWN - 1].position
        at = rows[-1].position if len(rows) == chunk else after + 1
        if at <= floor + 1:
            return found, None
    return found, at


def _found(recorded: Recorded, viewer: Principal, names: Mapping[UUID, str]) -> Found:
    return Found(
        recorded=recorded,
        sentence=recorded.event.in_words() if viewer.sight.personal else words(recorded.type),
        who=named(recorded.actor, names),
        raw=json.dumps(event_resource(recorded, viewer.sight).model_dump(mode="json"), indent=2, ensure_ascii=False),
    )


def _id(typed: str, name: str) -> UUID | None:
    try:
        return UUID(typed) if typed else None
    except ValueError:
        raise BadParameter(f"{name} takes an id, as the raw events show it. Copy one from there.") from None


def _moment(typed: str, zone: ZoneInfo) -> datetime:
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=zone)
    except ValueError:
        raise BadParameter("A period takes moments such as 2026-03-03T09:30.") from None
