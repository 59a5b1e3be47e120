"""Facts about records of any kind, and the rows that the read models then have of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from psycopg import sql

from domain import undo
from domain.customer import CustomerForgotten, CustomerRegistered
from domain.event import CustomerId, Event
from domain.merge import Absorbed, MergedInto, MergeReverted
from domain.undo import EventsUndone
from eventstore import log
from eventstore.database import Connection
from eventstore.erasure import forgetting
from eventstore.fence import horizon
from projections.read_models import ReadModel, read_models
from replay.follow import advance
from replay.verification import verify
from tests.facts import NOBODY

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


def hour(number: float) -> datetime:
    """So many hours after Monday morning."""
    return MONDAY + timedelta(hours=number)


def tell(
    connection: Connection,
    customer_id: UUID,
    *events: Event,
    noun: str = "customer",
    stream_id: UUID | None = None,
    at: Sequence[datetime | None] = (),
    flags: tuple[str, ...] = (),
    about: UUID | None = None,
) -> list[int]:
    """Append events to the customer's own stream, or to another one in her history, `at` these moments or now; returns
    their positions."""
    moments = [*at, *[None] * (len(events) - len(at))]
    new = [
        log.NewEvent(
            CustomerId(customer_id), noun, stream_id or customer_id, None, event, moment, flags, subject_id=about
        )
        for event, moment in zip(events, moments, strict=True)
    ]
    return log.append(connection, new, NOBODY)


def told(
    connection: Connection,
    noun: str,
    *events: Event,
    record_id: UUID | None = None,
    customer_id: UUID | None = None,
    at: Sequence[datetime] = (),
    flags: tuple[str, ...] = (),
    about: UUID | None = None,
) -> tuple[UUID, UUID]:
    """Append events to one record, an hour apart or `at` these moments; returns the ids of record and customer.

    What is personal in them is the customer's, or that of her contact person `about` whom they are.
    """
    record_id = record_id or uuid4()
    customer_id = record_id if noun == "customer" else customer_id or _customer_of(connection, record_id)
    moments = at or [hour(number) for number in range(len(events))]
    tell(connection, customer_id, *events, noun=noun, stream_id=record_id, at=moments, flags=flags, about=about)
    return record_id, customer_id


def _customer_of(connection: Connection, record_id: UUID) -> UUID:
    """In whose history a record lies; a new record in that of somebody new."""
    history = log.load(connection, record_id).history
    return history[0].customer_id if history else uuid4()


def registered(connection: Connection, name: str = "Ann Example") -> UUID:
    """A customer."""
    return told(connection, "customer", CustomerRegistered(kind="person", name=name))[0]


def merged(connection: Connection, noun: str, loser: UUID, survivor: UUID, customer_id: UUID | None = None) -> UUID:
    """The one lives on in the other; returns the id of the merge."""
    merge_id = uuid4()
    gone, here = MergedInto(survivor_id=survivor, merge_id=merge_id), Absorbed(merged_id=loser, merge_id=merge_id)
    told(connection, noun, gone, record_id=loser, customer_id=customer_id)
    told(connection, noun, here, record_id=survivor, customer_id=customer_id)
    return merge_id


def unmerged(connection: Connection, noun: str, merge_id: UUID, *ids: UUID, customer_id: UUID | None = None) -> None:
    """The merge of these two is taken back."""
    for record_id in ids:
        told(connection, noun, MergeReverted(merge_id=merge_id), record_id=record_id, customer_id=customer_id)


def undone(connection: Connection, noun: str, record_id: UUID, *versions: int) -> None:
    """These events of the record do not count any more."""
    told(connection, noun, EventsUndone(versions=versions), record_id=record_id, at=[hour(99)])


@dataclass(frozen=True)
class _Past:
    version: int
    event: Event


def standing(*events: Event) -> list[Event]:
    """Those that count, in a history of these events."""
    history = [_Past(version, event) for version, event in enumerate(events, start=1)]
    return [past.event for past in undo.standing(history)]


def forget(connection: Connection, customer_id: UUID) -> None:
    """All that is personal about her is erased."""
    forgetting.forget(connection, CustomerId(customer_id), CustomerForgotten(legal_basis="request"), NOBODY)


def rows(connection: Connection, table: str, **given: object) -> list[dict[str, Any]]:  # Any: a row of any read model
    """The rows of a read model, brought up to date, in the order of their keys."""
    _follow(connection, table)
    wanted = sql.SQL(" AND ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), value) for name, value in given.items()
    )
    statement = sql.SQL("SELECT * FROM {} AS r WHERE {} ORDER BY r").format(sql.Identifier(table), wanted)
    return connection.execute(statement).fetchall()


def row(connection: Connection, table: str, **given: object) -> dict[str, Any]:  # Any: a row of any read model
    """The only row there is."""
    (only,) = rows(connection, table, **given)
    return only


def all_rows(connection: Connection, table: str, order: str = "1") -> list[dict[str, Any]]:  # Any: of any read model
    """All rows of a read model, brought up to date; they must be what a replay makes of the whole log."""
    assert is_its_replay(connection, table)
    return connection.execute(f"SELECT * FROM public.{table} ORDER BY {order}".encode()).fetchall()


def values(connection: Connection, table: str, *columns: str, order: str = "1") -> list[tuple[object, ...]]:
    """The same, only these columns."""
    return [tuple(row[column] for column in columns) for row in all_rows(connection, table, order)]


def is_its_replay(connection: Connection, table: str) -> bool:
    """Whether the live rows are those that a replay gives."""
    return verify(connection, _follow(connection, table)).differing == 0


def _follow(connection: Connection, table: str) -> ReadModel:
    (model,) = (model for model in read_models().values() if table in model.tables)
    advance(connection, model, horizon(connection))
    return model
