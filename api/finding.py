"""Finds customers, leads and tickets by what somebody types, among those that the key may read."""

from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from fastapi import Query, Security
from pydantic import BaseModel

from api.access import OpenStore, Principal, principal
from api.fresh import MinPosition, at_least
from api.lists.asked import words
from api.problems import BadParameter, HiddenField, NotUpToDate, documented
from api.section import Section
from projections.lists.nouns import NOUNS
from projections.read_models import read_models
from projections.searching import labels, search

router = Section(prefix="/v1/search", tags=["search"])

Noun: TypeAlias = Literal["customer", "lead", "ticket"]

_READERS = Annotated[Principal, Security(principal, scopes=["customers:read", "leads:read", "tickets:read"])]


class FoundResource(BaseModel):
    """A record, what it is called, and by which of its texts it was found. The score lies between 0 and 1."""

    kind: Noun
    id: UUID
    customer_id: UUID
    label: str | None
    found_in: str
    text: str
    score: float


class FoundPage(BaseModel):
    """What was found, the best first."""

    data: list[FoundResource]


@router.get("", name="search_everything", responses=documented(BadParameter, HiddenField, NotUpToDate))
def find(
    caller: _READERS,
    store: OpenStore,
    q: Annotated[str, Query(min_length=1, max_length=200, description="Part of a name, a number, an address.")],
    kind: Annotated[Noun | None, Query(description="Only records of this kind.")] = None,
    limit: Annotated[int, Query(ge=1, le=50)] = 20,
    fresh: MinPosition = None,
) -> FoundPage:
    """Where these words are written, what begins with them first; then what looks like them, slips forgiven."""
    sought = words(q, NOUNS["customers"], caller.sight, "/query/q") or ""
    at_least(store, [read_models()["search"]], fresh)
    with store.pool.connection() as connection:
        found = search(connection, sought, limit=limit, stream_type=kind, sight=caller.sight)
        called = labels(connection, [row["stream_id"] for row in found], sight=caller.sight)
    return FoundPage(
        data=[
            FoundResource(
                kind=row["stream_type"],
                id=row["stream_id"],
                customer_id=row["customer_id"],
                label=called.get(row["stream_id"]),
                found_in=row["kind"],
                text=row["text"],
                score=row["score"],
            )
            for row in found
        ]
    )
