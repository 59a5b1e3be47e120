"""The feed: the whole log, for ever, in order, without gaps."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated
from uuid import UUID

from fastapi import Header, Query, Security
from uuid_utils.compat import uuid7

from api import cursors
from api.access import OpenStore, Principal, principal, still_allowed
from api.problems import BadCursor, BadParameter, EpochEnded, documented
from api.resources import EventPage, EventResource
from api.section import Section
from api.store import Store
from api.tail import Batch, Feed, ShuttingDown, Tail, TooManyTails
from api.visible import WITHHELD, judged_up_to, read_seen
from domain.catalogue import EVENT_TYPES
from eventstore import codec, log
from eventstore.audit.accesses import Note, note_accesses
from eventstore.database import Connection
from eventstore.fence import horizon
from eventstore.log import Recorded
from projections import showing
from projections.sight import Sight

router = Section(prefix="/v1/events", tags=["events"])

EventReader = Annotated[Principal, Security(principal, scopes=["events:read"])]
StillAllowed = Annotated[Callable[[], Principal], Security(still_allowed, scopes=["events:read"])]

_PATIENCE = 2.0
_AT_ONCE = 100
_RESPONSES = documented(BadCursor, EpochEnded, BadParameter, TooManyTails, ShuttingDown) | {
    200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}
}


@router.get("", response_model=EventPage, responses=_RESPONSES)
def list_events(
    caller: EventReader,
    must_be_allowed: StillAllowed,
    store: OpenStore,
    types: Annotated[list[str] | None, Query(description="Only events of these types.")] = None,
    customer_id: Annotated[
        UUID | None,
        Query(description="Only what is filed under this customer, without what is hers by a merge or reattribution."),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="At most so many events; a tail has no end.")] = 100,
    cursor: Annotated[
        str | None,
        Query(description="`next_cursor` of the page before; without it, from the start; `now`: only what is to come."),
    ] = None,
    tail: Annotated[bool, Query(description="Stay, and send what is appended as server-sent events.")] = False,
    accept: Annotated[str, Header(description="`text/event-stream` asks for the same as `tail`.")] = "*/*",
    last_event_id: Annotated[str | None, Header(description="Of a tail: the last `id` that was received.")] = None,
) -> EventPage | Tail:
    """Events in the order of the log, of the records that the caller may see. A page never skips an event that commits
    later; where there are few for her, it may be short, or empty, and another follow it.

    A tail sends every event as `data`, the JSON of a page's, under an `id` that is a cursor; it is resumed by
    `Last-Event-ID`. An event with a name, such as `epoch_ended` or `not_signed_in`, is a problem, and its last.
    """
    for name in types or ():
        if name not in EVENT_TYPES:
            raise BadParameter("There is no event type of that name. All types: ./crm events")
    asked = _Asked(store, caller, types, customer_id)
    is_tail = tail or "text/event-stream" in accept
    with store.pool.connection() as connection:
        epoch = log.epoch(connection)
        head = horizon(connection, patience=_PATIENCE)
        after = _position(store, (is_tail and last_event_id) or cursor, epoch, head)
        if is_tail:
            return Tail(store, asked.feed(epoch, must_be_allowed), caller.id, after, head)
        page, last, more = asked.read(connection, after, head, limit)
    return EventPage(
        data=page, has_more=more, next_cursor=cursors.encode(store, "events", epoch.hex, last), epoch=epoch
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """Which events are wanted, and by whom."""

    store: Store
    caller: Principal
    types: list[str] | None
    customer_id: UUID | None

    def read(self, connection: Connection, after: int, head: int, limit: int) -> tuple[list[EventResource], int, bool]:
        """The next `limit` events up to `head`, the position up to which there are no others, and whether it is known
        that there is more behind it."""
        found, last, more = read_seen(
            connection,
            self.caller,
            after=after,
            head=judged_up_to(connection, self.caller.sight, head),
            limit=limit,
            types=self.types,
            customer_id=self.customer_id,
        )
        return [event_resource(event, self.caller.sight) for event in found], last, more

    def feed(self, epoch: UUID, still_allowed: Callable[[], Principal]) -> Feed:
        """The same for ever, to the reader as she is by then."""
        asked = self

        def cursor(position: int) -> str:
            return cursors.encode(self.store, "events", epoch.hex, position)

        def must_be_allowed() -> None:
            nonlocal asked
            asked = replace(asked, caller=still_allowed())

        def read(after: int, head: int) -> Batch:
            with self.store.pool.connection() as connection:
                page, last, _ = asked.read(connection, after, head, _AT_ONCE)
                # the pieces of a stream come when the answer has begun long since
                if shown := showing.taken():
                    by = asked.caller
                    note_accesses(connection, [Note(list(shown), uuid7(), by.kind, by.id, "GET /v1/events")])
                if log.epoch(connection) != epoch:  # asked last: what was read before is then of the same log
                    raise EpochEnded()
            return [(cursor(event.position), event.model_dump_json()) for event in page], last

        return Feed(read, must_be_allowed, cursor)


def _position(store: Store, cursor: str | None, epoch: UUID, head: int) -> int:
    if cursor is None:
        return 0
    if cursor == "now":
        return head
    seen, position = cursors.decode(store, "events", cursor)
    if seen != epoch.hex:
        raise EpochEnded()
    return int(position)


def event_resource(recorded: Recorded, sight: Sight) -> EventResource:
    """An event as the API shows it; to who may not see what is personal, without its values."""
    data, personal = codec.split(recorded.event)
    if personal is not None and sight.personal:
        showing.show([recorded.customer_id])
    elif personal is not None:
        personal = dict.fromkeys(personal, WITHHELD)
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
