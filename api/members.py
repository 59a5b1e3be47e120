"""Members: who works here, so that leads can be assigned to them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Security
from pydantic import BaseModel

from api.access import OpenStore, Principal, principal
from api.past import AsOf, OnAxis, must_be_recorded, tables
from api.problems import BadParameter, documented
from api.resources import Page
from projections import leads

router = APIRouter(prefix="/v1/members", tags=["members"])


class MemberResource(BaseModel):
    """Somebody who works here."""

    member_id: UUID
    name: str | None
    invited_at: datetime


@router.get("", responses=documented(BadParameter))
def list_members(
    _: Annotated[Principal, Security(principal, scopes=["members:read"])],
    store: OpenStore,
    as_of: AsOf = None,
    axis: OnAxis = None,
) -> Page[MemberResource]:
    """All members, by name; as of a past moment as they were known then."""
    must_be_recorded(axis)
    with tables(store, ("workspace_member",), as_of) as (connection, schema):
        rows = leads.list_members(connection, schema)
    return Page(data=[MemberResource.model_validate(row) for row in rows], has_more=False, next_cursor=None)
