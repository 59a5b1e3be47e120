"""Commands that may be sent twice take turns: while one is carried out, who sends it again is told so."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar
from uuid import UUID

from eventstore.database import Connection, query
from eventstore.records import CarriedOut


class CommandInFlight(Exception):
    """The same command is being carried out at this moment."""


class Found(Protocol):
    """What was loaded for a command, with whether it was carried out before."""

    @property
    def carried_out(self) -> CarriedOut | None: ...


F = TypeVar("F", bound=Found)


@dataclass(slots=True)
class Turn:
    """A command's turn, from loading to appending. The database ends it with the connection of who is killed."""

    command_id: UUID
    is_mine: bool = False

    def loading(self, connection: Connection, load: Callable[[], F]) -> F:
        """What `load` loads, in the same round trip as the turn is taken. Raises CommandInFlight."""
        if self.is_mine:
            return load()
        self.is_mine = True  # until one knows: what may have been taken is given back, also where loading fails
        with connection.pipeline():
            taken = connection.execute(query("eventstore", "take_turn"), {"command_id": self.command_id}, prepare=True)
            found = load()
        row = taken.fetchone()
        self.is_mine = bool(row and row["is_mine"])
        if not self.is_mine and found.carried_out is None:
            raise CommandInFlight()
        return found

    def ended(self, connection: Connection) -> None:
        """Where it did not end with an append."""
        if self.is_mine:
            self.is_mine = False
            connection.execute(query("eventstore", "end_turn"), {"command_id": self.command_id}, prepare=True)
