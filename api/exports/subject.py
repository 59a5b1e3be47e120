"""Everything about one person, for her who asks what is known of her: by a program to read, or by herself."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic_core import to_json
from uuid_utils.compat import uuid7

from api.audit.answer import Reader, all_accesses
from api.audit.question import must_be_customer
from api.problems import NotFound
from api.store import Store
from domain.event import CustomerId
from eventstore import log
from eventstore.audit.accesses import Note, note_accesses
from eventstore.audit.trail import Cut, Entry, Trail, Whose, about_person, whose
from eventstore.database import Connection
from eventstore.fence import horizon
from projections import customers
from projections.sight import EVERYTHING
from replay.recall import customer_at, table_at

Fields = dict[str, Any]  # Any: what becomes JSON

_HERS = (*customers.TABLES, "consent")
_OF_A_PERSON = ("contact_person", "contact_point", "consent")


class UnknownPerson(NotFound):
    """Nothing was ever recorded about such a contact person of this customer. Check both ids."""


@dataclass(frozen=True, slots=True)
class Everything:
    """What the log holds of a customer and whoever was merged into her, or of one contact person, up to a position.

    `profile` has the rows that sum it up, by table.
    """

    store: Store
    customer_id: CustomerId
    person_id: UUID | None
    position: int
    exported_at: datetime
    people: Whose
    profile: Mapping[str, Sequence[Fields]]
    wanted: frozenset[int] | None

    def events(self) -> Iterator[Fields]:
        """Every event in the order in which it was recorded, ready for JSON."""
        for entry in Trail(self.store.pool.connection, self.people, Cut(self.position)):
            if self.wanted is None or entry.row.position in self.wanted:
                yield _event(entry)

    def accesses(self) -> Iterator[Fields]:
        """Who was shown what is personal of the customer, the newest first; this export too."""
        return (asdict(access) for access in all_accesses(self.store, self.customer_id, EVERYTHING))

    def head(self) -> Fields:
        """What comes before the events."""
        return {
            "customer_id": self.customer_id,
            "person_id": self.person_id,
            "exported_at": self.exported_at,
            "position": self.position,
            "records": list(self.people.members),
            "profile": self.profile,
        }


def everything(store: Store, reader: Reader, customer_id: CustomerId, person_id: UUID | None = None) -> Everything:
    """Find it, and note who gets it. Raises UnknownCustomer, UnknownPerson."""
    with store.pool.connection() as connection:
        must_be_customer(connection, customer_id, reader.sight)
        position = horizon(connection)
        people = whose(connection, customer_id, position)
        wanted = about_person(connection, people, person_id, position) if person_id else None
        if wanted is not None and not wanted:
            raise UnknownPerson()
        profile = _profile(connection, customer_id, person_id, position)
        note_accesses(connection, [Note(people.members, uuid7(), reader.kind, reader.id, reader.way)])
        return Everything(store, customer_id, person_id, position, log.now(connection), people, profile, wanted)


def as_json(found: Everything) -> Iterator[bytes]:
    """One JSON object, in pieces."""
    yield to_json(found.head())[:-1]
    yield from _list("events", found.events())
    yield from _list("accesses", found.accesses())
    yield b"}\n"


def _list(name: str, items: Iterable[Fields]) -> Iterator[bytes]:
    yield f',"{name}":['.encode()
    for number, item in enumerate(items):
        yield (b",\n" if number else b"\n") + to_json(item)
    yield b"]"


def _profile(
    connection: Connection, customer_id: CustomerId, person_id: UUID | None, position: int
) -> dict[str, list[Fields]]:
    root = customer_at(connection, customer_id, position)
    tables = _OF_A_PERSON if person_id else _HERS
    rows = {table: table_at(connection, table, root, position) for table in tables}
    if person_id:
        return {table: [row for row in found if row["person_id"] == person_id] for table, found in rows.items()}
    return rows


def _event(entry: Entry) -> Fields:
    row, undo = entry.row, entry.undone_by
    return {
        "position": row.position,
        "event_id": row.event_id,
        "type": row.type,
        "stream_type": row.stream_type,
        "stream_id": row.stream_id,
        "version": row.version,
        "customer_id": row.customer_id,
        "occurred_at": row.occurred_at,
        "recorded_at": row.recorded_at,
        "actor": row.actor,
        "metadata": row.metadata,
        "said": json.loads(entry.event.model_dump_json(exclude_none=True)),
        "in_words": entry.event.in_words(),
        "undone_by": undo and undo.position,
    }
