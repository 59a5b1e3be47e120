"""The feed: the whole log, for ever, in order, without gaps."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Security

from api import cursors
from api.access import OpenStore, Principal, principal
from api.problems import BadCursor, BadParameter, EpochEnded, documented
from api.resources import EventPage, EventResource
from domain.catalogue import EVENT_TYPES
from eventstore import codec, log
from eventstore.fence import horizon
from eventstore.log import Recorded

router = APIRouter(prefix="/v1/events", tags=["events"])

EventReader = Annotated[Principal, Security(principal, scopes=["events:read"])]

_PATIENCE = 2.0


@router.get("", responses=documented(BadCursor, EpochEnded, BadParameter))
def list_events(
    _: EventReader,
    store: OpenStore,
    types: Annotated[list[str] | None, Query(description="Only events of these types.")] = None,
    customer_id: Annotated[
        UUID | None,
        Query(description="Only what is filed under this customer, without what is hers by a merge or reattribution."),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Annotated[
        str | None, Query(description="`next_cursor` of the page before; without it, from the start.")
    ] = None,
) -> EventPage:
    """Events in the order of the log. A page never skips an event that commits later."""
    for name in types or ():
        if name not in EVENT_TYPES:
            raise BadParameter("There is no event type of that name. All types: ./crm events")
    with store.pool.connection() as connection:
        epoch = log.epoch(connection)
        after = _position(cursors.decode(store, "events", cursor), epoch) if cursor is not None else 0
        head = horizon(connection, patience=_PATIENCE)
        found = log.read(connection, after=after, horizon=head, limit=limit + 1, types=types, customer_id=customer_id)
    page, more = found[:limit], len(found) > limit
    last = page[-1].position if more else max(head, after)
    return EventPage(
        data=[event_resource(event) for event in page],
        has_more=more,
        next_cursor=cursors.encode(store, "events", epoch.hex, last),
        epoch=epoch,
    )


def event_resource(recorded: Recorded) -> EventResource:
    """An event as the API shows it."""
    data, personal = codec.split(recorded.event)
    return EventResource(
        position=recorded.position,
        event_id=recorded.event_id,
        type=recorded.type,
        customer_id=recorded.customer_id,
        stream_type=recorded.stream_type,
        stream_id=recorded.stream_id,
        version=recorded.version,
        data=data,
        personal=personal,
        actor=dict(recorded.actor),
        command_id=recorded.command_id,
        correlation_id=recorded.correlation_id,
        metadata=dict(recorded.metadata),
        occurred_at=recorded.occurred_at,
        recorded_at=recorded.recorded_at,
    )


def _position(parts: list[str | int], epoch: UUID) -> int:
    seen, position = parts
    if seen != epoch.hex:
        raise EpochEnded()
    return int(position)
