"""An import: a file of another system taken into the log; all events of its rows share one correlation id."""

from dataclasses import dataclass, replace
from typing import Annotated, TypeAlias, assert_never

from pydantic import Field, StringConstraints

from domain.event import Command, Event, OptionalPersonalText, PersonalText, Refusal, Text, Word
from domain.phrases import after

Rows = Annotated[int, Field(ge=0)]


class ImportStarted(Event):
    """A file began to be taken in, its columns mapped to our words."""

    kind: Word
    file_sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    mapping: PersonalText

    def in_words(self) -> str:
        return f"Import of {self.kind} started"


class ImportCompleted(Event):
    """The whole file was taken in: what became of its rows."""

    rows: Rows
    created: Rows
    changed: Rows
    unchanged: Rows
    refused: Rows

    def in_words(self) -> str:
        return (
            f"Import completed: {self.rows} rows, {self.created} created, {self.changed} changed, "
            f"{self.unchanged} unchanged, {self.refused} refused"
        )


class ImportReverted(Event):
    """The import was taken back, by whoever the event's actor is: so many records are as they were before it, so many
    were changed by others since and are left for a person to look at."""

    compensated: Rows
    conflicting: Rows
    reason: OptionalPersonalText = None

    def in_words(self) -> str:
        counts = f"{self.compensated} records as before, {self.conflicting} changed since"
        return f"Import taken back, {counts}{after(': ', self.reason)}"


ImportEvent: TypeAlias = ImportStarted | ImportCompleted | ImportReverted


@dataclass(frozen=True)
class Import:
    """What the rules need to know of an import."""

    reverted: bool = False


def evolve(taken_in: Import | None, event: ImportEvent) -> Import:
    """The import after the event."""
    known = taken_in or Import()
    match event:
        case ImportStarted() | ImportCompleted():
            return known
        case ImportReverted():
            return replace(known, reverted=True)
        case _:
            assert_never(event)


class RevertImport(Command):
    """Take an import back."""

    reason: Text | None = None


class ImportAlreadyReverted(Refusal):
    """This import was already taken back. Import the file again if you want its rows after all."""


def revert(taken_in: Import, command: RevertImport, *, compensated: int, conflicting: int) -> ImportReverted:
    """Also of an import that never came to its end. The counts are of records: those for which compensating events go
    into the same append, and those that were changed since and are left alone. Raises ImportAlreadyReverted."""
    if taken_in.reverted:
        raise ImportAlreadyReverted()
    return ImportReverted(compensated=compensated, conflicting=conflicting, reason=command.reason)
