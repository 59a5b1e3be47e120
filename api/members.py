"""Members: who works here, so that leads can be assigned to them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Security
from pydantic import BaseModel

from api.access import OpenStore, Principal, principal
from api.problems import documented
from api.resources import Page
from projections import leads

router = APIRouter(prefix="/v1/members", tags=["members"])


class MemberResource(BaseModel):
    """Somebody who works here."""

    member_id: UUID
    name: str | None
    invited_at: datetime


@router.get("", responses=documented())
def list_members(
    _: Annotated[Principal, Security(principal, scopes=["members:read"])], store: OpenStore
) -> Page[MemberResource]:
    """All members, by name."""
    with store.pool.connection() as connection:
        rows = leads.list_members(connection)
    return Page(data=[MemberResource.model_validate(row) for row in rows], has_more=False, next_cursor=None)
