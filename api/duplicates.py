"""Duplicates: customers who may be on record twice. They are reported; to merge them is somebody's decision."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Security

from api import cursors
from api.access import OpenStore, Principal, principal
from api.fresh import MinPosition, at_least
from api.problems import BadCursor, BadParameter, NotUpToDate, documented
from api.resources import DuplicateResource, Page
from api.section import Section
from projections.duplicates import FIRST, TABLES, duplicates
from replay.asof import models_of

router = Section(prefix="/v1/duplicates", tags=["customers"])

CustomerReader = Annotated[Principal, Security(principal, scopes=["customers:read"])]


@router.get("", responses=documented(BadCursor, BadParameter, NotUpToDate))
def list_duplicates(
    caller: CustomerReader,
    store: OpenStore,
    fresh: MinPosition = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: str | None = None,
) -> Page[DuplicateResource]:
    """Pairs of customers who may be one, each with a score and the reasons. A page looks at some thousand customers at
    most: it may be short, or empty, and another follow it."""
    after = FIRST
    if cursor is not None:
        one, other = cursors.decode(store, "duplicates", cursor)
        after = UUID(str(one)), UUID(str(other))
    at_least(store, models_of(TABLES), fresh)
    with store.pool.connection() as connection:
        found = duplicates(connection, limit=limit, sight=caller.sight, after=after)
    page = [DuplicateResource.model_validate(candidate, from_attributes=True) for candidate in found.candidates]
    following = cursors.encode(store, "duplicates", *(id_.hex for id_ in found.go_on)) if found.go_on else None
    return Page(data=page, has_more=found.go_on is not None, next_cursor=following)
