"""What a log holds, in sums that two logs can be compared by."""

from collections.abc import Mapping
from dataclasses import dataclass

from eventstore.database import Connection, query


@dataclass(frozen=True, slots=True)
class Contents:
    """Of a log's first positions: how many events, streams of each noun, and events of each type; and a digest."""

    events: int
    streams: Mapping[str, int]
    types: Mapping[str, int]
    digest: bytes
    """sha256 over the events' own digests in the order of their positions."""


def contents(connection: Connection, upto: int) -> Contents:
    """What the log holds at the positions up to this one."""
    row = connection.execute(query("eventstore.whole_log", "contents"), {"upto": upto}).fetchone()
    assert row is not None
    streams, types = (dict(sorted(row[name].items())) for name in ("streams", "types"))
    return Contents(row["events"], streams, types, row["digest"])
