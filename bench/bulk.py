"""Bulk appends, with digests and personal rows, against a raw COPY of finished rows into a table like the log's."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from psycopg import sql

from bench.append import ENVELOPE, captured
from bench.ground import Contender, Result, Step, compared, race, statement
from domain.event import CustomerId
from eventstore import log
from eventstore.bulk import append_rows_bulk
from eventstore.database import connect

CHUNK = 5_000


def run(conninfo: str, seconds: float) -> Iterator[Result]:
    """Chunks a second of both, by one process."""
    with connect(conninfo) as connection:
        connection.execute(statement("bare_table"))
    rates = race(conninfo, [EVERFOLD, RAW], 1, seconds)
    events = {name: [rate * CHUNK for rate in of_rounds] for name, of_rounds in rates.items()}
    yield compared(f"bulk appends of {CHUNK:,} events, in events", events, 0.4)


def _rows() -> list[log.Row]:
    event = captured()
    return [log.row_of(log.NewEvent(CustomerId(uuid4()), "lead", uuid4(), 1, event), ENVELOPE) for _ in range(CHUNK)]


@contextmanager
def _appends(conninfo: str) -> Iterator[Step]:
    rows = _rows()

    def step() -> None:
        _renew(rows)
        append_rows_bulk(connection, rows)

    with connect(conninfo) as connection:
        yield step


@contextmanager
def _copies(conninfo: str) -> Iterator[Step]:
    rows = _rows()
    fixed = {name: json.dumps(rows[0][name]) for name in ("data", "actor", "metadata")}
    fixed |= {"personal_digest": "\\x" + "00" * 32, "digest": "\\x" + "00" * 32, "recorded_at": "2026-01-01T00:00:00Z"}
    columns = ["position", "customer_id", "stream_id", "stream_type", "version", "event_id", "type", "schema_version"]
    columns += ["data", "personal_digest", "actor", "metadata", "occurred_at", "recorded_at", "digest"]
    copying = sql.SQL("COPY public.bare ({}) FROM STDIN").format(sql.SQL(", ").join(map(sql.Identifier, columns)))
    position = 0

    def step() -> None:
        nonlocal position
        _renew(rows)
        with connection.cursor().copy(copying) as copy:
            for row in rows:
                position += 1
                finished = row | fixed | {"position": position, "occurred_at": fixed["recorded_at"]}
                copy.write_row([finished[name] for name in columns])

    with connect(conninfo) as connection:
        yield step


def _renew(rows: list[log.Row]) -> None:
    for row in rows:
        row["customer_id"] = row["subject_id"] = str(uuid4())
        row["stream_id"], row["event_id"] = str(uuid4()), str(uuid4())


EVERFOLD = Contender("everfold", _appends)
RAW = Contender("raw COPY", _copies)
