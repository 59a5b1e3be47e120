"""How what the rows of a chunk add goes into the log: whole rows, in as few appends as hold them."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from api.imports.rows import Entry, Stream
from domain.imported import ImportedFact
from eventstore import log
from eventstore.bulk import LARGEST, append_bulk
from eventstore.database import Connection


def append(connection: Connection, entries: Sequence[Entry], envelope: log.Envelope) -> int:
    """Append the entries in their order, and return the last position (0 for none).

    Raises what `append_bulk` does; then none of that append's rows was recorded, nor those behind them.
    """
    for name in (entry.released for entry in entries if entry.released):
        log.release_external_id(connection, name.system, name.key)
    last = 0
    for batch in _batches(entries):
        events = [event for entry in batch for event in entry.events]
        claims = list(dict.fromkeys(claim for entry in batch for claim in entry.claims))
        last = append_bulk(connection, events, envelope, claims) or last
    return last


def new_event(stream: Stream, noun: str, stream_id: UUID, fact: ImportedFact) -> log.NewEvent:
    """The fact as the next event of a history; what is personal in it is her contact person's where it names one."""
    return log.NewEvent(
        stream.customer_id,
        noun,
        stream_id,
        stream.version + 1,
        fact.event,
        fact.occurred_at,
        fact.flags,
        subject_id=getattr(fact.event, "person_id", None),
    )


def _batches(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Whole rows, as many as one append holds."""
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        if batch and size + len(entry.events) > LARGEST:
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += len(entry.events)
    yield batch
