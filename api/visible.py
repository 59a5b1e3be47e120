"""Which records, events and fields a caller is shown. What she may not see is, for her, not there."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from api.access import Principal
from api.problems import NotFound
from domain.custom_field import CustomField
from domain.workspace import Workspace
from eventstore import log
from eventstore.database import Connection
from eventstore.fence import unsplit
from eventstore.log import Recorded
from projections.showing import show
from projections.sight import Sight, seen_streams, without_personal
from replay.asof import models_of
from replay.follow import position
from replay.recall import customer_at, table_at

WITHHELD = {"withheld": True}
"""Stands where something personal is that the caller may not see."""

_JUDGED_BY = {"customer": "customer_profile", "lead": "lead", "ticket": "ticket"}
_OF_THE_COMPANY = {"workspace": "settings:read", "campaign": "campaigns:read", "import": "imports:read"}
_MODELS = ("customer_360", "customer_alias", "lead", "ticket")
_AT_ONCE = 1_000
_MOST_READ = 20_000
_END = 2**63 - 1


def sees(connection: Connection, sight: Sight, noun: str, stream_id: UUID) -> bool:
    """Whether the record may be seen as it is this very moment, also where no read model has it yet. What is about the
    company itself is left to scopes."""
    if sight.records == "all" or noun not in _JUDGED_BY:
        return True
    key = customer_at(connection, stream_id, _END) if noun == "customer" else stream_id
    rows = table_at(connection, _JUDGED_BY[noun], key, _END)
    return any(
        row["team"] in sight.shared_teams or row.get("owner_id", row.get("assignee_id")) in sight.members
        for row in rows
        if row["team"] or row.get("owner_id", row.get("assignee_id"))
    )


def must_see(connection: Connection, sight: Sight, noun: str, stream_id: UUID) -> None:
    """Raises NotFound, as of an id that nothing has."""
    if not sees(connection, sight, noun, stream_id):
        raise NotFound()


def is_open(scopes: Iterable[str], stream_type: str) -> bool:
    """Whether events of the company's own streams may be read: each noun takes its scope."""
    return _OF_THE_COMPANY.get(stream_type, "events:read") in scopes


def seen_among(connection: Connection, caller: Principal, events: Sequence[Recorded]) -> list[Recorded]:
    """Those of the events that the caller may see, by the records as the read models have them."""
    open_to_her = [event for event in events if is_open(caller.scopes, event.stream_type)]
    if caller.sight.records == "all":
        return open_to_her
    streams = {(event.stream_type, event.stream_id) for event in open_to_her}
    seen = seen_streams(connection, caller.sight, streams)
    return [event for event in open_to_her if event.stream_type in _OF_THE_COMPANY or event.stream_id in seen]


def judged_up_to(connection: Connection, sight: Sight, head: int) -> int:
    """Up to where it is known whose each record is: no event is passed over because its record is not there yet, or
    not yet with all that was recorded together with the event."""
    if sight.records == "all":
        return head
    return unsplit(connection, min(head, *(position(connection, model) for model in models_of(_MODELS))))


def read_seen(
    connection: Connection,
    caller: Principal,
    *,
    after: int,
    head: int,
    limit: int,
    types: Sequence[str] | None = None,
    customer_id: UUID | None = None,
) -> tuple[list[Recorded], int, bool]:
    """Up to `limit` events behind `after` that the caller may see, the position to go on from, and whether there is
    more there. A call looks at some thousand events at most: it may find fewer, or none, and yet say that there is."""
    sight, found = caller.sight, list[Recorded]()
    narrow = sight.records == "all" and all(is_open(caller.scopes, noun) for noun in _OF_THE_COMPANY)
    chunk, looked_at, last = (limit + 1 if narrow else max(limit + 1, _AT_ONCE)), 0, after
    while looked_at < _MOST_READ:
        read = log.read(connection, after=last, horizon=head, limit=chunk, types=types, customer_id=customer_id)
        found += seen_among(connection, caller, read)
        if len(found) > limit:
            return found[:limit], found[limit - 1].position, True
        if len(read) < chunk:
            return found, max(head, after), False
        last, looked_at = read[-1].position, looked_at + len(read)
    return found, last, True


def row_as_seen(workspace: Workspace, sight: Sight, table: str, row: dict[str, Any]) -> dict[str, Any]:  # Any: a row's
    """A row that was folded for this caller alone, without what she may not see of it."""
    if sight.personal:
        show([row.get("customer_id")])
        return row
    return without_personal(table, row, _open_fields(workspace.custom_fields.values()))


def _open_fields(fields: Iterable[CustomField]) -> set[str]:
    return {str(field.field_id) for field in fields if not field.is_personal}
