"""What the tests of read models share: to tell the log something, and to read the rows that come of it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from domain.customer import CustomerAbsorbed, CustomerForgotten, CustomerMergedInto
from domain.event import CustomerId, Event
from domain.merge import MergeReverted
from domain.undo import EventsUndone
from eventstore import fence, log
from eventstore.database import Connection
from eventstore.erasure.forgetting import forget
from projections.read_models import read_models
from projections.reading import Row
from replay import follow, rebuild
from tests.facts import NOBODY


def tell(
    connection: Connection,
    customer_id: UUID,
    *events: Event,
    at: Sequence[datetime] = (),
    noun: str = "customer",
    stream_id: UUID | None = None,
) -> list[int]:
    """Append events to the customer's own stream, or to another one in her history, `at` these moments; returns their
    positions."""
    moments = [*at, *[None] * (len(events) - len(at))]
    new = [
        log.NewEvent(CustomerId(customer_id), noun, stream_id or customer_id, None, event, moment)
        for event, moment in zip(events, moments, strict=True)
    ]
    return log.append(connection, new, NOBODY)


def merge(connection: Connection, customer_id: UUID, survivor_id: UUID) -> UUID:
    """Merge the customer into the survivor; returns the id of the merge."""
    merge_id = uuid4()
    tell(connection, customer_id, CustomerMergedInto(survivor_id=survivor_id, merge_id=merge_id))
    tell(connection, survivor_id, CustomerAbsorbed(merged_id=customer_id, merge_id=merge_id))
    return merge_id


def revert(connection: Connection, merge_id: UUID, *customer_ids: UUID) -> None:
    """Take the merge of these two customers back."""
    for customer_id in customer_ids:
        tell(connection, customer_id, MergeReverted(merge_id=merge_id))


def undo(connection: Connection, customer_id: UUID, *versions: int) -> None:
    """Say that these events of the customer's own stream do not count any more."""
    tell(connection, customer_id, EventsUndone(versions=versions))


def forget_customer(connection: Connection, customer_id: UUID) -> None:
    """Erase what is personal of the customer."""
    forget(connection, CustomerId(customer_id), CustomerForgotten(legal_basis="request"), NOBODY)


def rows(connection: Connection, name: str, order: str = "1") -> list[Row]:
    """All rows of a read model, brought up to date; they must be what a replay makes of the whole log."""
    model = read_models()[name]
    follow.advance(connection, model, fence.horizon(connection))
    assert rebuild.verify(connection, model).differing == 0
    return connection.execute(f"SELECT * FROM public.{name} ORDER BY {order}".encode()).fetchall()


def values(connection: Connection, name: str, *columns: str, order: str = "1") -> list[tuple[object, ...]]:
    """The same, only these columns."""
    return [tuple(row[column] for column in columns) for row in rows(connection, name, order)]
