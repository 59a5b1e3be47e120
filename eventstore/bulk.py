"""Many events in one transaction, by COPY: what imports append with."""

import json
from collections.abc import Callable, Sequence
from itertools import islice
from uuid import UUID

from psycopg import Copy, sql
from uuid_utils import uuid7

from eventstore import codec, log
from eventstore.copied import NOTHING, actor, escaped, id_text, metadata, stored
from eventstore.database import Connection, query
from eventstore.records import Envelope, ExternalId, NewEvent

LARGEST = 10_000
"""How many events one append may hold: readers wait for it to commit."""

_PIECE = 500
_COLUMNS = {
    "customer_id": "uuid",
    "stream_id": "uuid",
    "stream_type": "text",
    "version": "int4",
    "event_id": "uuid",
    "type": "text",
    "schema_version": "int2",
    "data": "jsonb",
    "personal": "jsonb",
    "subject_id": "uuid",
    "actor": "jsonb",
    "correlation_id": "uuid",
    "causation_id": "uuid",
    "metadata": "jsonb",
    "part_id": "uuid",
    "occurred_at": "timestamptz",
}
_COPY = sql.SQL("COPY pg_temp.incoming ({}) FROM STDIN").format(sql.SQL(", ").join(map(sql.Identifier, _COLUMNS)))
_JSON = [name for name, type_ in _COLUMNS.items() if type_ == "jsonb"]


def append_bulk(
    connection: Connection, events: Sequence[NewEvent], envelope: Envelope, external_ids: Sequence[ExternalId] = ()
) -> int:
    """Append up to LARGEST events, all or nothing, and return the last position (0 for none).

    Each event says its version. Raises VersionConflict, ExternalIdTaken or SubjectForgotten; then nothing was appended.
    """

    def write(copy: Copy) -> None:
        texts = (_text_of(event, envelope) for event in events)
        while piece := "".join(islice(texts, _PIECE)):
            copy.write(piece)

    return _append(connection, len(events), write, external_ids)


def append_rows_bulk(connection: Connection, rows: Sequence[log.Row], external_ids: Sequence[ExternalId] = ()) -> int:
    """The same for rows that are already in the log's columns: they may have an envelope each."""

    def write(copy: Copy) -> None:
        for row in rows:
            written = row | {name: json.dumps(row[name]) for name in _JSON if row.get(name) is not None}
            copy.write_row([written.get(name) for name in _COLUMNS])

    return _append(connection, len(rows), write, external_ids)


def _append(
    connection: Connection, count: int, write: Callable[[Copy], None], external_ids: Sequence[ExternalId]
) -> int:
    if not count:
        return 0
    assert count <= LARGEST, f"an append holds at most {LARGEST} events"
    with connection.transaction(), log.conflicts():
        connection.execute(query("eventstore", "incoming"))
        with connection.cursor().copy(_COPY) as copy:
            write(copy)
        result = connection.execute(
            "SELECT log.append_copied(%s::jsonb) AS last_position", [log.claimed(external_ids)]
        ).fetchone()
    assert result is not None
    return int(result["last_position"])


def _text_of(new: NewEvent, envelope: Envelope) -> str:
    type_, schema_version, part_field = stored(new.stream_type, type(new.event))
    data, personal = codec.split_text(new.event)
    part_id: UUID | str | None = getattr(new.event, part_field) if part_field else None
    fields = (
        new.customer_id.hex,
        new.stream_id.hex,
        new.stream_type,
        NOTHING if new.version is None else str(new.version),
        uuid7().hex,
        type_,
        schema_version,
        escaped(data),
        escaped(personal) if personal else NOTHING,
        (new.subject_id or new.customer_id).hex if personal else NOTHING,
        actor(envelope.actor_kind, envelope.actor_id),
        id_text(envelope.correlation_id),
        id_text(envelope.causation_id),
        metadata(envelope, new.flags),
        str(part_id) if part_id else NOTHING,
        new.occurred_at.isoformat() if new.occurred_at else NOTHING,
    )
    return "\t".join(fields) + "\n"
