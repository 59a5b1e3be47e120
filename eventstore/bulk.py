"""Many events in one transaction, by COPY: what imports append with."""

import json
from collections.abc import Sequence

from psycopg import sql

from eventstore import log
from eventstore.database import Connection, query
from eventstore.records import Envelope, ExternalId, NewEvent

LARGEST = 10_000
"""How many events one append may hold: readers wait for it to commit."""

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
    return append_rows_bulk(connection, [log.row_of(event, envelope) for event in events], external_ids)


def append_rows_bulk(connection: Connection, rows: Sequence[log.Row], external_ids: Sequence[ExternalId] = ()) -> int:
    """The same for rows that are already in the log's columns: they may have an envelope each."""
    if not rows:
        return 0
    assert len(rows) <= LARGEST, f"an append holds at most {LARGEST} events"
    with connection.transaction(), log.conflicts():
        connection.execute(query("eventstore", "incoming"))
        with connection.cursor().copy(_COPY) as copy:
            for row in rows:
                written = row | {name: json.dumps(row[name]) for name in _JSON if row.get(name) is not None}
                copy.write_row([written.get(name) for name in _COLUMNS])
        result = connection.execute(
            "SELECT log.append_copied(%s::jsonb) AS last_position", [log.claimed(external_ids)]
        ).fetchone()
    assert result is not None
    return int(result["last_position"])
