"""What a command answers with: the record as the command left it, or what was done, for who may not read it."""

from collections.abc import Callable
from typing import TypeAlias
from uuid import UUID

from api.resources import ChangedCustomer, CommandResult, TicketResource
from api.visible import row_as_seen
from api.write import Writer
from domain.workspace import Workspace
from eventstore.database import Connection
from projections.customers import PARTS, TABLES
from projections.read_models import read_models
from projections.sight import Sight
from replay.fold import Row, rows_at
from replay.recall import customer_at, table_at

CustomerAnswer: TypeAlias = ChangedCustomer | CommandResult
TicketAnswer: TypeAlias = TicketResource | CommandResult


def customer_answer(
    write: Writer, created_id: UUID | None = None
) -> Callable[[Connection, CommandResult], CustomerAnswer]:
    """The customer as the command left her, folded on the fly; of one who was merged, whom she lives on in."""

    def answer(connection: Connection, done: CommandResult) -> CustomerAnswer:
        done = done.model_copy(update={"created_id": created_id})
        if write.is_brief or "customers:read" not in write.principal.scopes:
            return done
        own = {"version": done.version, "position": done.position, "created_id": created_id}
        settings, _ = write.store.settled.now(connection)
        found = customer_as_of(connection, settings, write.principal.sight, done.stream_id, done.position)
        assert found, "a command was carried out on her"
        return ChangedCustomer.model_validate(found | own)

    return answer


def customer_as_of(
    connection: Connection, settings: Workspace, sight: Sight, customer_id: UUID, position: int
) -> Row | None:
    """All that a customer's resource has, folded on the fly at a position of the log, as far as who asks may see its
    fields; None where nothing was known of her then."""
    root = customer_at(connection, customer_id, position)
    found = {
        table: [row_as_seen(settings, sight, table, row) for row in table_at(connection, table, root, position)]
        for table in TABLES
    }
    parts = {part: sorted(found[table], key=lambda row: row["position"]) for part, table in PARTS.items()}
    return found["customer_360"][0] | parts if found["customer_360"] else None


def ticket_answer(write: Writer, created_id: UUID | None = None) -> Callable[[Connection, CommandResult], TicketAnswer]:
    """The ticket as the command left it, folded on the fly."""

    def answer(connection: Connection, done: CommandResult) -> TicketAnswer:
        if write.is_brief or "tickets:read" not in write.principal.scopes:
            return done.model_copy(update={"created_id": created_id})
        settings, _ = write.store.settled.now(connection)
        ticket = ticket_at(connection, settings, write.principal.sight, done.stream_id, done.position)
        return ticket.model_copy(update={"created_id": created_id})

    return answer


def ticket_at(
    connection: Connection, settings: Workspace, sight: Sight, ticket_id: UUID, position: int
) -> TicketResource:
    """The ticket as it was known at a position of the log, folded on the fly, as far as who asks may see its fields."""
    (row,) = rows_at(connection, read_models()["ticket"], ticket_id, position)
    return TicketResource.model_validate(row_as_seen(settings, sight, "ticket", row))


def done_answer(merge_id: UUID | None, created_id: UUID | None) -> Callable[[Connection, CommandResult], CommandResult]:
    """Just what was done, with the merge that it made or reverted, and what it created."""
    return lambda _, done: done.model_copy(update={"merge_id": merge_id, "created_id": created_id})
