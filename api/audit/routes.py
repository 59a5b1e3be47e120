"""A customer's history with before and after, what differs between two moments, and who has looked."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Response, Security
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict

from api import cursors
from api.access import OpenStore, Principal, principal
from api.audit.answer import Reader, answer, difference
from api.audit.formats import as_csv, as_ndjson, in_blocks
from api.audit.question import MOMENT, Axis, Question, moment_of, must_be_customer, must_be_types
from api.problems import BadCursor, BadParameter, EpochEnded, NotFound, documented
from api.resources import Page
from domain.event import CustomerId
from eventstore import log
from eventstore.audit.accesses import accesses
from eventstore.audit.shown import Shown
from eventstore.audit.trail import whose
from eventstore.fence import horizon

router = APIRouter(prefix="/v1/customers", tags=["audit"])

AuditReader = Annotated[Principal, Security(principal, scopes=["audit:read"])]
Limit = Annotated[int, Query(ge=1, le=200)]

_STREAMED: Mapping[str, Callable[[Iterable[Shown]], Iterator[bytes]]] = MappingProxyType(
    {"application/x-ndjson": as_ndjson, "text/csv": as_csv}
)
_FORMATS: dict[int | str, dict[str, Any]] = {  # Any: OpenAPI
    200: {"content": {kind: {"schema": {"type": "string"}} for kind in _STREAMED}}
}


class ChangeResource(BaseModel):
    """A field that an event touched. Of whoever was forgotten a value reads `{"forgotten": true}`, and without the
    scope `personal:read` what is personal reads `{"withheld": true}`."""

    field: str
    before: Any  # Any: JSON
    after: Any


class ActorResource(BaseModel):
    """Who did it; the name is that of a member, for keys with the scope `members:read`."""

    kind: str
    id: UUID
    name: str | None


class UndoneBy(BaseModel):
    """The event by which this one does not count any more."""

    position: int
    event_id: UUID


class AuditedEvent(BaseModel):
    """An event of a customer's history with what it did. `sentence` says it in words, where these may be seen."""

    model_config = ConfigDict(extra="forbid")

    position: int
    event_id: UUID
    type: str
    stream_type: str
    stream_id: UUID
    version: int
    customer_id: UUID
    occurred_at: datetime
    recorded_at: datetime
    actor: ActorResource
    on_behalf_of: Any
    channel: str | None
    reason: Any
    sentence: str | None
    command_id: UUID | None
    correlation_id: UUID | None
    undone_by: UndoneBy | None
    changes: list[ChangeResource]


class FieldDifference(ChangeResource):
    """A field of one of the customer's records whose value differs between two moments."""

    stream_type: str
    stream_id: UUID


class AccessResource(BaseModel):
    """Somebody was shown what is personal about this customer, by a route or a command."""

    model_config = ConfigDict(from_attributes=True)

    customer_id: UUID
    request_id: UUID
    accessed_at: datetime
    actor: dict[str, str]
    way: str


def _question(
    customer_id: CustomerId,
    as_of: Annotated[str | None, Query(description=f"As of when: {MOMENT}. Without it, now.")] = None,
    axis: Annotated[Axis, Query(description="What was known then, or what had happened by then.")] = "recorded",
    types: Annotated[list[str] | None, Query(alias="type", description="Only events of these types.")] = None,
    actor: Annotated[UUID | None, Query(description="Only what this member or key did.")] = None,
    field: Annotated[
        str | None, Query(min_length=1, max_length=300, description="Only what touched this field, such as `stage`.")
    ] = None,
    start: Annotated[str | None, Query(alias="from", description="From this moment on, on the axis.")] = None,
    end: Annotated[str | None, Query(alias="to", description="Before this moment, on the axis.")] = None,
) -> Question:
    return Question(
        customer_id,
        moment_of(as_of, "as_of") if as_of else None,
        axis,
        must_be_types(types or ()),
        actor,
        field,
        moment_of(start, "from") if start else None,
        moment_of(end, "to") if end else None,
    )


def _reader(request: Request, caller: AuditReader) -> Reader:
    way = f"{request.method} {request.scope['route'].path}"
    personal, names = "personal:read" in caller.scopes, "members:read" in caller.scopes
    return Reader(caller.kind, caller.id, way, personal, names, caller.sight)


Asked = Annotated[Question, Depends(_question)]
Asking = Annotated[Reader, Depends(_reader)]


@router.get(
    "/{customer_id}/history",
    response_model=Page[AuditedEvent],
    responses=documented(NotFound, BadParameter, BadCursor, EpochEnded) | _FORMATS,
)
def history_of_customer(
    reader: Asking,
    question: Asked,
    store: OpenStore,
    response: Response,
    limit: Limit = 50,
    cursor: str | None = None,
    accept: Annotated[str, Header(description="application/json, application/x-ndjson or text/csv.")] = "",
) -> Any:  # Any: a page, or a stream of the same events
    """Every event of the customer, her leads and her tickets, in the order in which it was recorded, with each field
    that it touched before and after. As NDJSON or CSV all of it is streamed. Who sees personal values is noted first.
    """
    written = next((written for kind, written in _STREAMED.items() if kind in accept), None)
    seen, after = _from_cursor(store, question, cursor)
    found = answer(store, reader, question, seen)
    request_id = {"Request-Id": str(found.request_id)}
    if written:
        kind = next(kind for kind in _STREAMED if kind in accept)
        return StreamingResponse(in_blocks(written(found.entries(after))), media_type=kind, headers=request_id)
    response.headers.update(request_id)
    page: list[Shown] = []
    for entry in found.entries(after, limit + 1):
        if len(page) == limit:
            following = _to_cursor(store, question, found.cut.horizon, page[-1]["position"])
            return Page[Any](data=page, has_more=True, next_cursor=following)
        page.append(entry)
    return Page[Any](data=page, has_more=False, next_cursor=None)


@router.get(
    "/{customer_id}/history/difference",
    responses=documented(NotFound, BadParameter),
)
def difference_in_history(
    customer_id: CustomerId,
    reader: Asking,
    store: OpenStore,
    response: Response,
    start: Annotated[str, Query(alias="from", description=f"The first moment: {MOMENT}.")],
    end: Annotated[str, Query(alias="to", description="The second moment, likewise.")],
    axis: Axis = "recorded",
) -> Page[FieldDifference]:
    """The fields of the customer, her leads and her tickets that differ between two moments, with both values."""
    first, second = moment_of(start, "from"), moment_of(end, "to")
    request_id, found = difference(store, reader, customer_id, first, second, axis)
    response.headers["Request-Id"] = str(request_id)
    return Page(data=[FieldDifference.model_validate(one) for one in found], has_more=False, next_cursor=None)


@router.get("/{customer_id}/accesses", responses=documented(NotFound, BadCursor))
def list_accesses(
    customer_id: CustomerId, caller: AuditReader, store: OpenStore, limit: Limit = 50, cursor: str | None = None
) -> Page[AccessResource]:
    """Who was shown what is personal about the customer, and about those who are one with her; the newest first."""
    kind = f"accesses {customer_id}"
    before = None
    if cursor is not None:
        request_id, seen = map(str, cursors.decode(store, kind, cursor))
        before = UUID(request_id), UUID(seen)
    with store.pool.connection() as connection:
        must_be_customer(connection, customer_id, caller.sight)
        members = whose(connection, customer_id, horizon(connection)).members
        found = accesses(connection, members, limit + 1, before)
    page, more = found[:limit], len(found) > limit
    last = page[-1] if more else None
    following = cursors.encode(store, kind, str(last.request_id), str(last.customer_id)) if last else None
    return Page(data=[AccessResource.model_validate(one) for one in page], has_more=more, next_cursor=following)


def _to_cursor(store: OpenStore, question: Question, horizon: int, position: int) -> str:
    with store.pool.connection() as connection:
        epoch = log.epoch(connection)
    return cursors.encode(store, f"history {question.digest}", epoch.hex, horizon, position)


def _from_cursor(store: OpenStore, question: Question, cursor: str | None) -> tuple[int | None, int]:
    """The position behind which the first page was read, and that of the last event shown. Raises BadCursor, also for
    a cursor of another question, and EpochEnded."""
    if cursor is None:
        return None, 0
    epoch, seen, position = cursors.decode(store, f"history {question.digest}", cursor)
    with store.pool.connection() as connection:
        if epoch != log.epoch(connection).hex:
            raise EpochEnded()
    return int(seen), int(position)
