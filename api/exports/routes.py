"""Lists as files, streamed: each kind is a route of its own, because each asks for other scopes."""

from collections.abc import Callable, Collection, Iterator
from datetime import date
from itertools import chain
from threading import BoundedSemaphore
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Security
from fastapi.responses import StreamingResponse

from api.access import OpenStore, Principal, principal
from api.audit.answer import Reader
from api.audit.formats import in_blocks
from api.exports.answer import Asked, rows_of
from api.exports.formats import written
from api.exports.kinds import KINDS, MEDIA_TYPES, Format, Kind
from api.exports.subject import as_json, everything
from api.exports.subject_page import as_page
from api.fresh import MinPosition, at_least
from api.past import AsOf, OnAxis
from api.problems import BadParameter, NotFound, RequestProblem, documented
from api.store import Store
from domain.event import CustomerId
from projections.exporting import EXPORTS
from projections.kpi import kpis
from replay.asof import models_of

router = APIRouter(prefix="/v1/exports", tags=["exports"])
about_customers = APIRouter(prefix="/v1/customers", tags=["exports"])

_TURNS = BoundedSemaphore(4)
"""Each export holds a connection for as long as its reader takes."""


class TooManyExports(RequestProblem):
    """Several exports are under way, and each takes its time. Try again in a minute."""

    status, title = 503, "Try again later"


Form = Annotated[
    Format, Query(alias="format", description="Which formats a kind has is told when it has not this one.")
]
First = Annotated[date | None, Query(alias="from", description="Of kpis: the first day of the period, in the zone.")]
End = Annotated[date | None, Query(alias="to", description="Of kpis: the day after the last one of the period.")]


def reader_of(request: Request, caller: Annotated[Principal, Depends(principal)]) -> Reader:
    """Who is about to read, by which route."""
    way = f"{request.method} {request.scope['route'].path}"
    return Reader(caller.kind, caller.id, way, personal=True, names=True, sight=caller.sight)


def _exported(kind: Kind) -> Callable[..., StreamingResponse]:
    def export(
        reader: Annotated[Reader, Depends(reader_of)],
        store: OpenStore,
        form: Form = "csv",
        as_of: AsOf = None,
        axis: OnAxis = None,
        first_day: First = None,
        end_day: End = None,
        zone: str | None = None,
        bom: Annotated[bool, Query(description="Begin CSV with a byte order mark.")] = False,
        fresh: MinPosition = None,
    ) -> StreamingResponse:
        if form not in MEDIA_TYPES:
            raise BadParameter(
                "Parquet is not streamed. Write a file with: ./crm export --format parquet --output FILE"
            )
        at_least(store, models_of(_reads(kind)), fresh)
        asked = Asked(kind, form, as_of, axis, first_day, end_day, zone)
        parts = _parts(store, reader, asked, bom=bom)
        first = next(parts)  # what is wrong with the question shows now, while it can still be said
        name = f'attachment; filename="{kind.name}.{form}"'
        headers = {"Content-Disposition": name, "Cache-Control": "no-store"}
        return StreamingResponse(chain([first], parts), media_type=MEDIA_TYPES[form], headers=headers)

    export.__doc__ = f"All {kind.name} as a file, of one moment. Whoever sees what is personal is noted first."
    return export


@about_customers.get(
    "/{customer_id}/export",
    response_class=StreamingResponse,
    responses=documented(NotFound)
    | {
        200: {
            "content": {
                "application/json": {"schema": {"type": "object"}},
                "text/html": {"schema": {"type": "string"}},
            }
        }
    },
)
def export_subject(
    customer_id: CustomerId,
    caller: Annotated[Principal, Security(principal, scopes=["audit:read", "customers:read", "personal:read"])],
    reader: Annotated[Reader, Depends(reader_of)],
    store: OpenStore,
    person_id: Annotated[UUID | None, Query(description="Only what is about this contact person of hers.")] = None,
    form: Annotated[Literal["json", "html"], Query(alias="format")] = "json",
) -> StreamingResponse:
    """Everything about one person, for her who asks: all events of the customer and of whoever was merged into her,
    the rows that sum them up, and who has been shown them. Who gets it is noted."""
    caller.must_see_all_records()  # everything about her, and not only what lies with one team
    found = everything(store, reader, customer_id, person_id)
    parts, media = (as_page(found), "text/html") if form == "html" else (as_json(found), "application/json")
    name = f'attachment; filename="{person_id or customer_id}.{form}"'
    headers = {"Content-Disposition": name, "Cache-Control": "no-store"}
    return StreamingResponse(in_blocks(parts), media_type=media, headers=headers)


def _parts(store: Store, reader: Reader, asked: Asked, *, bom: bool) -> Iterator[bytes]:
    if not _TURNS.acquire(blocking=False):
        raise TooManyExports()
    try:
        with rows_of(store, reader, asked) as rows:
            yield from in_blocks(written(rows, asked.form, bom=bom))
    finally:
        _TURNS.release()


def _reads(kind: Kind) -> Collection[str]:
    """The tables behind it."""
    if kind.relation:
        return EXPORTS[kind.relation].tables
    return {table for kpi in kpis().values() for table in kpi.relation.reads}


def _responses() -> dict[int | str, dict[str, Any]]:  # Any: OpenAPI
    content = {media.partition(";")[0]: {"schema": {"type": "string"}} for media in MEDIA_TYPES.values()}
    return documented(BadParameter, TooManyExports) | {200: {"content": content}}


for _kind in KINDS.values():
    router.add_api_route(
        f"/{_kind.name}",
        _exported(_kind),
        name=f"export_{_kind.name.replace('-', '_')}",
        dependencies=[Security(principal, scopes=list(_kind.scopes))],
        response_class=StreamingResponse,
        responses=_responses(),
    )
