"""What a command names beside its record must be there: members who work here, campaigns, other customers."""

from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any
from uuid import UUID

from api.streams import Streams
from domain.event import Command, MemberId
from domain.workspace import Workspace, must_be_active


def _member(_: Streams, workspace: Callable[[], Workspace], member_id: MemberId, __: str) -> None:
    must_be_active(workspace(), member_id)


def _campaign(streams: Streams, _: Callable[[], Workspace], campaign_id: UUID, field: str) -> None:
    streams.campaign(campaign_id, field)


def _customer(streams: Streams, _: Callable[[], Workspace], customer_id: Any, field: str) -> None:
    streams.customer(customer_id, field)


REFERENCES: Mapping[str, Callable[[Streams, Callable[[], Workspace], Any, str], None]] = MappingProxyType(
    {"owner_id": _member, "assignee_id": _member, "campaign_id": _campaign, "other_id": _customer}
)
"""By the name of the field, what it refers to. What lies on the record itself, the rules know."""


def must_refer_to_what_is_there(command: Command, streams: Streams, workspace: Callable[[], Workspace]) -> None:
    """Raises UnknownMember, and NotFound that names the field."""
    for field in _referring(type(command)):
        if (named := getattr(command, field)) is not None:
            REFERENCES[field](streams, workspace, named, field)


@cache
def _referring(command: type[Command]) -> tuple[str, ...]:
    return tuple(field for field in command.model_fields if field in REFERENCES)
