"""The search: customers, leads and tickets by part of a name, a number or an address, slips forgiven."""

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias, get_args
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from api.access import OpenStore
from api.console.frame import CustomerViewer, PageRoute, page
from projections.searching import labels, search

router = APIRouter(route_class=PageRoute, include_in_schema=False)

Noun: TypeAlias = Literal["customer", "lead", "ticket"]
_NOUNS: tuple[Noun, ...] = get_args(Noun)
_MOST = 40
_SAYS_ITSELF = ("name", "title", "subject")


@dataclass(frozen=True, slots=True)
class Found:
    """A record that was found: what it is called, by what it was found when that is something else, and whose it is."""

    noun: str
    id: UUID
    name: str | None
    by: str | None
    text: str | None
    customer: str | None


@router.get("/console/search")
def show(
    request: Request,
    store: OpenStore,
    viewer: CustomerViewer,
    q: Annotated[str, Query(max_length=200)] = "",
    noun: Annotated[str, Query()] = "",
) -> Response:
    """What was found, the best first; of one noun, or of all."""
    wanted = next((one for one in _NOUNS if one == noun), None)
    sought = q.replace("\x00", "").strip()
    found: list[Found] = []
    if sought and viewer.sight.personal:
        with store.pool.connection() as connection:
            rows = search(connection, sought, limit=_MOST, sight=viewer.sight, stream_type=wanted)
            ids = {row["stream_id"] for row in rows} | {row["customer_id"] for row in rows}
            called = labels(connection, list(ids), sight=viewer.sight)
        found = [
            Found(
                row["stream_type"],
                row["stream_id"],
                called.get(row["stream_id"]) or row["text"],
                None if row["kind"] in _SAYS_ITSELF else row["kind"],
                row["text"],
                None if row["stream_type"] == "customer" else called.get(row["customer_id"]),
            )
            for row in rows
        ]
    return page(
        request,
        "search.html",
        sought=sought,
        noun=wanted or "",
        nouns=_NOUNS,
        found=found,
        is_full=len(found) == _MOST,
        sees_names=viewer.sight.personal,
    )
