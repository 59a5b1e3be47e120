"""Leads: listed and read. What can be done with one is in the table of its commands."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Security

from api.access import OpenStore, Principal, principal
from api.events import event_resource
from api.problems import (
    BadCursor,
    BadParameter,
    NotFound,
    NotUpToDate,
    documented,
)
from api.resources import Page, PastResource
from api.section import Section
from api.visible import must_see
from domain.undo import undone
from eventstore import log

router = Section(prefix="/v1/leads", tags=["leads"])

LeadReader = Annotated[Principal, Security(principal, scopes=["leads:read"])]
Limit = Annotated[int, Query(ge=1, le=200)]

_READ = documented(NotFound, BadParameter, NotUpToDate)
_LIST = documented(BadCursor, BadParameter, NotUpToDate)


@router.get("/{lead_id}/history", responses=_READ)
def history_of_lead(lead_id: UUID, caller: LeadReader, store: OpenStore) -> Page[PastResource]:
    """Everything that ever happened to a lead, in the order in which it was recorded; also what was undone."""
    with store.pool.connection() as connection:
        recorded = log.load(connection, lead_id).history
        if not recorded or recorded[0].stream_type != "lead":
            raise NotFound()
        must_see(connection, caller.sight, "lead", lead_id)
    gone = undone(recorded)
    events = [
        PastResource(**event_resource(event, caller.sight).model_dump(), undone=event.version in gone)
        for event in recorded
    ]
    return Page(data=events, has_more=False, next_cursor=None)
