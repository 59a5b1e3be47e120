"""What an undo looks for in the log: what was done together, and what still rests on a customer."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from psycopg.rows import class_row

from domain.event import CustomerId
from eventstore import log
from eventstore.database import Connection, query

_CHUNK = 400


@dataclass(frozen=True, slots=True)
class Together:
    """The events of one stream that were recorded together, by their versions."""

    customer_id: CustomerId
    stream_type: str
    stream_id: UUID
    versions: list[int]
    types: list[str]


def is_correlation(connection: Connection, together_id: UUID) -> bool:
    """Whether any event has this correlation id."""
    statement = "SELECT FROM log.event WHERE correlation_id = %s LIMIT 1"
    return bool(connection.execute(statement, [together_id]).rowcount)


def last_together(connection: Connection, together_id: UUID) -> int | None:
    """The position of the last event with this correlation id."""
    statement = "SELECT max(position) AS last FROM log.event WHERE correlation_id = %s"
    row = connection.execute(statement, [together_id]).fetchone()
    return row["last"] if row else None


def did_all(connection: Connection, together_id: UUID, actor_id: UUID) -> bool:
    """Whether whatever has this correlation id was done by this actor; nobody did what is not there."""
    statement = "SELECT bool_and(actor->>'id' = %s) AS hers FROM log.event WHERE correlation_id = %s"
    row = connection.execute(statement, [str(actor_id), together_id]).fetchone()
    return bool(row and row["hers"])


def is_command(connection: Connection, together_id: UUID) -> bool:
    """Whether a command with this id was carried out. Reads all commands: their index begins with whose they are."""
    return bool(connection.execute("SELECT FROM log.command WHERE command_id = %s LIMIT 1", [together_id]).rowcount)


@contextmanager
def done_together(connection: Connection, together_id: UUID, *, is_command: bool) -> Iterator[Iterator[list[Together]]]:
    """The streams with events of this command, or else with this correlation id, in chunks, customers last.

    They are those at the time of asking. What is appended meanwhile need not wait: the database keeps the list.
    """
    statement = query("eventstore", "commanded" if is_command else "correlated")
    with connection.cursor(name="done_together", row_factory=class_row(Together), withhold=True) as cursor:
        cursor.execute(statement.encode(), {"id": together_id})
        yield iter(lambda: cursor.fetchmany(_CHUNK), [])


def resting(
    connection: Connection, customer_ids: Collection[UUID], except_for: Collection[UUID]
) -> dict[UUID, log.Recorded]:
    """Of each customer the first event that counts in a lead or ticket filed under her, or that gave her one.

    Those of the excepted leads and tickets are passed over.
    """
    parameters = {"customer_ids": list(customer_ids), "except_for": list(except_for)}
    rows = connection.execute(query("eventstore", "resting"), parameters).fetchall()
    found = {one.position: one for one in log.read_positions(connection, [row["position"] for row in rows])}
    return {row["customer_id"]: found[row["position"]] for row in rows}
