"""What a board is asked: which leads it shows, and as of when. It travels in the page's address and in its forms."""

from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import parse_qsl, urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.problems import BadParameter
from domain.workspace import DEFAULT_PIPELINE
from projections.leads import OnBoard


class AskedBoard(BaseModel):
    """Which leads, how many of them, and as of when."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    owner: Annotated[str, Query(description="Only the leads of this member.")] = ""
    team: Annotated[str, Field(max_length=200)] = ""
    source: Annotated[str, Field(max_length=200)] = ""
    pipeline: Annotated[str, Field(max_length=200)] = DEFAULT_PIPELINE.name
    as_of: Annotated[str, Field(max_length=40)] = ""
    all: bool = False
    position: Annotated[int | None, Field(ge=0, le=2**63 - 1)] = None

    @property
    def shown(self) -> OnBoard:
        """Which leads these are. Raises BadParameter for what is no member's id."""
        try:
            owner_id = UUID(self.owner) if self.owner else None
        except ValueError:
            raise BadParameter("There is no such owner. Choose one on the board.") from None
        return OnBoard(self.pipeline, owner_id, self.team or None, self.source or None)

    def moment(self, zone: ZoneInfo, now: datetime) -> datetime | None:
        """The moment that has passed; None for now. Raises BadParameter."""
        if not self.as_of:
            return None
        try:
            at = datetime.fromisoformat(self.as_of)
            at = (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            raise BadParameter("This is no moment. Choose a day on the slider, or a date and a time.") from None
        return at if at < now else None

    @property
    def query(self) -> str:
        """The same as an address has it, without what is usual."""
        asked = self.model_dump(exclude_defaults=True, exclude={"position"})
        return urlencode({name: str(value) for name, value in asked.items()})


def asked_before(query: str) -> AskedBoard:
    """What the board was asked that a form was sent from; the usual one where that cannot be read."""
    try:
        return AskedBoard.model_validate(dict(parse_qsl(query)))
    except ValidationError:
        return AskedBoard()
