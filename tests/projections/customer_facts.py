"""Facts about customers to fold, and the rows that come of them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from domain.customer import CustomerAbsorbed, CustomerMergedInto, CustomerRegistered, FieldChoice
from domain.event import Event
from eventstore.database import Connection
from projections.reading import Row
from tests.projections import records

DAY = datetime(2026, 3, 1, tzinfo=UTC)


def day(number: int) -> datetime:
    return DAY + timedelta(days=number)


def happened(
    connection: Connection,
    customer_id: UUID,
    *events: Event,
    noun: str = "customer",
    stream_id: UUID | None = None,
    at: Sequence[datetime | None] = (),
) -> UUID:
    """Append events to one of the customer's streams, by default her own, `at` these moments or now; returns its id."""
    stream_id = stream_id or (customer_id if noun == "customer" else uuid4())
    records.tell(connection, customer_id, *events, noun=noun, stream_id=stream_id, at=at)
    return stream_id


def registered(connection: Connection, *events: Event, name: str = "Ann Example", source: str | None = None) -> UUID:
    """A new customer to whom these events happened, a day apart."""
    first = CustomerRegistered(kind="person", name=name, source=source)
    return happened(connection, uuid4(), first, *events, at=[day(number) for number in range(len(events) + 1)])


def merge(connection: Connection, merged: UUID, survivor: UUID, **choices: FieldChoice) -> UUID:
    """Merge one customer into the other; returns the id of the merge."""
    merge_id = uuid4()
    happened(connection, merged, CustomerMergedInto(survivor_id=survivor, merge_id=merge_id, field_choices=choices))
    happened(connection, survivor, CustomerAbsorbed(merged_id=merged, merge_id=merge_id, field_choices=choices))
    return merge_id


def revert(connection: Connection, merge_id: UUID, *customers: UUID) -> None:
    """Take the merge of these two customers back."""
    records.unmerged(connection, "customer", merge_id, *customers)


def rows(connection: Connection, table: str, customer_id: UUID) -> list[Row]:
    """The customer's rows of a table, once it followed the log."""
    return records.rows(connection, table, customer_id=customer_id)


def row(connection: Connection, table: str, customer_id: UUID) -> Row:
    """The only one there is."""
    return records.row(connection, table, customer_id=customer_id)
